using System.Text.Json.Nodes;

namespace ModelRegistry.Mcp.Tests.Faces;

/// <summary>Requests that every face has to answer alike.</summary>
internal static class SameRequests
{
    private static readonly string Long = new('x', 4_001);

    public static IReadOnlyList<SameRequest> All { get; } =
    [
        // ---- what is not there
        Asks("an unknown model", "model_not_found", "get_model_info", "model_name=chrn", "get-model chrn"),
        Asks("versions of an unknown model", "model_not_found", "list_versions", "model_name=none", "list-versions none"),
        Asks("what serves of an unknown model", "model_not_found", "get_serving_version", "model_name=none", "serving none"),
        Asks("a comparison in an unknown model", "model_not_found", "compare_versions", "model_name=none|versions=v1,v2", "compare none v1 v2"),
        Asks("the history of an unknown model", "model_not_found", "get_history", "model_name=none", "history none"),
        Asks("promotions of an unknown model", "model_not_found", "list_promotions", "model_name=none", "pending --model none"),
        Asks("a promotion of an unknown model", "model_not_found", "promote_model", "model_name=none|version=v1|stage=staging", "promote none v1 staging"),
        Asks("a rollback of an unknown model", "model_not_found", "rollback_model", "model_name=none", "rollback none"),
        Asks("metadata of an unknown model", "model_not_found", "set_metadata", "model_name=none|task=x", "set-metadata none --task x"),
        Asks("an unknown version", "version_not_found", "get_model_info", "model_name=churn|version=v9", "get-model churn --version v9"),
        Asks("an unknown number", "version_not_found", "get_model_info", "model_name=churn|version=9", "get-model churn --version 9"),
        Asks("an unknown alias", "version_not_found", "get_model_info", "model_name=churn|version=@nobody", "get-model churn --version @nobody"),
        Asks("a version of a model without any", "version_not_found", "get_model_info", "model_name=empty|version=latest", "get-model empty --version latest"),
        Asks("a comparison with an unknown version", "version_not_found", "compare_versions", "model_name=churn|versions=v1,v9", "compare churn v1 v9"),
        Asks("a promotion of an unknown version", "version_not_found", "promote_model", "model_name=churn|version=v9|stage=staging", "promote churn v9 staging"),
        Asks("a rollback to an unknown version", "version_not_found", "rollback_model", "model_name=churn|to_version=v9", "rollback churn v9"),
        Asks("metadata of an unknown version", "version_not_found", "set_metadata", "model_name=churn|version=v9|dataset=d", "set-metadata churn --version v9 --dataset d"),
        Asks("an unknown promotion", "promotion_not_found", "get_promotion", "promotion_id=prm_none", "get-promotion prm_none"),
        Asks("to withdraw an unknown promotion", "promotion_not_found", "withdraw_promotion", "promotion_id=prm_none", "withdraw prm_none"),
        Asks("to decide an unknown promotion", "promotion_not_found", "confirm_promotion", "promotion_id=prm_none|decision=approve", "approve prm_none"),

        Asks("a deployment of an unknown model", "model_not_found", "deploy_model", "model_name=none|version=v1|deployment_target=staging", "deploy none v1 staging"),
        Asks("a deployment of an unknown version", "version_not_found", "deploy_model", "model_name=churn|version=v9|deployment_target=staging", "deploy churn v9 staging"),
        Asks("a deployment on an unknown target", "target_unknown", "deploy_model", "model_name=churn|version=v2|deployment_target=moon", "deploy churn v2 moon"),
        Asks("deployments of an unknown model", "model_not_found", "list_deployments", "model_name=none", "deployments --model none"),
        Asks("measurements of an unknown version", "version_not_found", "set_metadata", """model_name=churn|version=v9|measurements=[{"metric": "auc", "value": 0.9}]""", "measure churn v9 --metric auc=0.9 --current"),

        // ---- what cannot be read
        Asks("a deployment with a configuration of many words", "invalid_arguments", "deploy_model", $$"""model_name=churn|version=v2|deployment_target=staging|deployment_config={"note":"{{Long}}{{Long}}"}""", "deploy churn v2 staging --config {large}"),
        Asks("a deployment for a reason of many words", "invalid_arguments", "deploy_model", $"model_name=churn|version=v2|deployment_target=staging|reason={Long}", $"deploy churn v2 staging --reason {Long}"),
        Asks("deployments from a cursor of nobody's", "cursor_invalid", "list_deployments", "cursor=abc", "deployments --cursor abc"),
        Asks("versions of no status there is", "invalid_arguments", "list_versions", "model_name=churn|status=waiting", "list-versions churn --status waiting"),
        Asks("a measurement of an inactive model", "model_inactive", "set_metadata", """model_name=retired|version=v1|measurements=[{"metric": "auc", "value": 0.9}]""", "measure retired v1 --metric auc=0.9 --current"),
        Asks("something that names no version", "version_reference_invalid", "get_model_info", "model_name=churn|version=v1?", "get-model churn --version v1?"),
        Asks("models in an unknown stage", "stage_unknown", "list_models", "stage=moon", "list-models --stage moon"),
        Asks("versions in an unknown stage", "stage_unknown", "list_versions", "model_name=churn|stage=moon", "list-versions churn --stage moon"),
        Asks("what serves an unknown stage", "stage_unknown", "get_serving_version", "model_name=churn|stage=moon", "serving churn --stage moon"),
        Asks("a promotion to an unknown stage", "stage_unknown", "promote_model", "model_name=churn|version=v2|stage=moon", "promote churn v2 moon"),
        Asks("models from a cursor of nobody's", "cursor_invalid", "list_models", "cursor=abc", "list-models --cursor abc"),
        Asks("versions from a cursor of nobody's", "cursor_invalid", "list_versions", "model_name=churn|cursor=abc", "list-versions churn --cursor abc"),
        Asks("promotions from a cursor of nobody's", "cursor_invalid", "list_promotions", "cursor=abc", "pending --cursor abc"),
        Asks("history from a cursor of nobody's", "cursor_invalid", "get_history", "model_name=churn|cursor=abc", "history churn --cursor abc"),
        Asks("more models than a page has", "invalid_arguments", "list_models", "limit=1000", "list-models --limit 1000"),
        Asks("no model at all", "invalid_arguments", "list_models", "limit=0", "list-models --limit 0"),
        Asks("more history than a page has", "invalid_arguments", "get_history", "model_name=churn|limit=101", "history churn --limit 101"),
        Asks("promotions in no state there is", "invalid_arguments", "list_promotions", "status=waiting", "pending --status waiting"),
        Asks("a comparison of a version with itself", "too_few_versions", "compare_versions", "model_name=churn|versions=v1,1", "compare churn v1 1"),
        Asks("a comparison of one version", "too_few_versions", "compare_versions", "model_name=churn|versions=v1", "compare churn v1"),
        Asks("a promotion for a reason of many words", "invalid_arguments", "promote_model", $"model_name=churn|version=v2|stage=validation|reason={Long}", $"promote churn v2 validation --reason {Long}"),
        Asks("a promotion under a long key", "invalid_arguments", "promote_model", $"model_name=churn|version=v2|stage=validation|idempotency_key={Long[..201]}", $"promote churn v2 validation --idempotency-key {Long[..201]}"),

        // ---- moving
        Asks("to where it is", "already_in_stage", "promote_model", "model_name=churn|version=v1|stage=prod", "promote churn v1 prod"),
        Asks("a second promotion to the same stage", "promotion_already_live", "promote_model", "model_name=churn|version=v3|stage=production|reason=r", "promote churn v3 production --reason r"),
        Asks("what a gate stops", "blocked", "promote_model", "model_name=bare|version=v1|stage=production|reason=r", "promote bare v1 production --reason r"),
        Asks("without the reason that is asked for", "blocked", "promote_model", "model_name=spam|version=v1|stage=production", "promote spam v1 production"),
        Asks("back to where nothing was", "nothing_to_roll_back_to", "rollback_model", "model_name=churn", "rollback churn"),
        Asks("back to what never served", "never_served", "rollback_model", "model_name=churn|to_version=v2", "rollback churn v2"),
        Asks("back to what serves", "already_in_stage", "rollback_model", "model_name=churn|to_version=v1", "rollback churn v1"),
        Asks("something else under the same key", "idempotency_key_reused", "promote_model", "model_name=spam|version=v2|stage=production|reason=r|idempotency_key=k1", "promote spam v2 production --reason r --idempotency-key k1"),
        Asks("to withdraw what another proposed", "not_yours", "withdraw_promotion", "promotion_id={pending}", "withdraw {pending}"),
        Asks("to withdraw twice", "promotion_not_pending", "withdraw_promotion", "promotion_id={mine}", "withdraw {mine}"),
        Asks("a promotion of an inactive model", "model_inactive", "promote_model", "model_name=retired|version=v1|stage=staging", "promote retired v1 staging"),

        Asks("a second deployment beside what waits", "promotion_already_live", "deploy_model", "model_name=churn|version=v3|deployment_target=production|reason=r", "deploy churn v3 production --reason r"),
        Asks("a deployment that a gate stops", "blocked", "deploy_model", "model_name=bare|version=v1|deployment_target=production|reason=r", "deploy bare v1 production --reason r"),
        Asks("a deployment of what is there already", "already_deployed", "deploy_model", "model_name=spam|version=v1|deployment_target=staging", "deploy spam v1 staging"),
        Asks("a deployment of an inactive model", "model_inactive", "deploy_model", "model_name=retired|version=v1|deployment_target=staging", "deploy retired v1 staging"),
        Asks("a deployment under a key of another wish", "idempotency_key_reused", "deploy_model", "model_name=spam|version=v2|deployment_target=production|reason=r|idempotency_key=k1", "deploy spam v2 production --reason r --idempotency-key k1"),

        // ---- registering
        Asks("an object of a bucket that is not the registry's", "reference_elsewhere", "register_version", "model_name=churn|files=s3://elsewhere/model.onnx", "register churn --file s3://elsewhere/model.onnx"),
        Asks("a bucket without an object", "reference_invalid", "register_version", "model_name=churn|files=s3://elsewhere", "register churn --file s3://elsewhere"),
        Asks("a version of an inactive model", "model_inactive", "register_version", "model_name=retired|files={file}", "register retired --file {file}"),
        Asks("a model of a bad name", "name_invalid", "register_version", "model_name=bad/name|files={file}", "register bad/name --file {file}"),
        Asks("a file that is not there", "source_missing", "register_version", "model_name=churn|files=/no/such/file", "register churn --file /no/such/file"),
        Asks("a label that is taken", "version_exists", "register_version", "model_name=churn|files={file}|version=v1", "register churn --file {file} --version v1"),
        Asks("a semantic label that is taken", "version_exists", "register_version", "model_name=letters|files={file}|version=1.0.0", "register letters --file {file} --version 1.0.0"),
        Asks("a semantic label of a model that counts", "label_scheme", "register_version", "model_name=churn|files={file}|version=1.2.0", "register churn --file {file} --version 1.2.0"),
        Asks("a counted label of a semantic model", "label_scheme", "register_version", "model_name=letters|files={file}|version=seven", "register letters --file {file} --version seven"),
        Asks("a bump of a model that counts", "bump_needs_semver", "register_version", "model_name=churn|files={file}|bump=minor", "register churn --file {file} --bump minor"),
        Asks("a label and a bump", "label_and_bump", "register_version", "model_name=letters|files={file}|version=1.1.0|bump=minor", "register letters --file {file} --version 1.1.0 --bump minor"),
        Asks("metadata that is no JSON", "metadata_invalid", "register_version", "model_name=churn|files={file}|metadata={", "register churn --file {file} --metadata {not-json}"),
        Asks("metadata with an unknown member", "invalid_arguments", "register_version", """model_name=churn|files={file}|metadata={"metrix": {}}""", "register churn --file {file} --metadata {misspelt}"),
        Asks("a metric of a bad name", "invalid_arguments", "register_version", "model_name=churn|files={file}|metrics=a!b=1", "register churn --file {file} --metric a!b=1"),
        Asks("an alias that is a number", "name_invalid", "register_version", "model_name=churn|files={file}|alias=7", "register churn --file {file} --alias 7"),
        Asks("an alias that follows what serves", "alias_governed", "register_version", "model_name=churn|files={file}|alias=champion", "register churn --file {file} --alias champion"),
        Asks("a dataset of many words", "invalid_arguments", "register_version", $"model_name=churn|files={{file}}|dataset={Long}", $"register churn --file {{file}} --dataset {Long}"),

        // ---- editing
        Asks("to move the alias of what serves", "alias_governed", "set_metadata", "model_name=churn|version=v2|alias=champion", "set-metadata churn --version v2 --alias champion"),
        Asks("to move an alias named like a label", "name_invalid", "set_metadata", "model_name=churn|version=v2|alias=v3", "set-metadata churn --version v2 --alias v3"),
        Asks("to take away the alias of what serves", "alias_governed", "set_metadata", "model_name=churn|remove_aliases=champion", "set-metadata churn --remove-alias champion"),
        Asks("to take away the alias of what serves, in other letters", "alias_governed", "set_metadata", "model_name=churn|remove_aliases=ChAmPiOn", "set-metadata churn --remove-alias ChAmPiOn"),
        Asks("to take away an alias named like a label", "name_invalid", "set_metadata", "model_name=churn|remove_aliases=v3", "set-metadata churn --remove-alias v3"),
        Asks("to take an alias away from one version", "invalid_arguments", "set_metadata", "model_name=churn|version=v1|remove_aliases=candidate", "set-metadata churn --version v1 --remove-alias candidate"),
        Asks("to deactivate what serves", "serves_governed_stage", "set_metadata", "model_name=churn|is_active=false", "set-metadata churn --active false"),
        Asks("to edit an inactive model", "model_inactive", "set_metadata", "model_name=retired|task=x", "set-metadata retired --task x"),
        Asks("a task for a version", "invalid_arguments", "set_metadata", "model_name=churn|version=v1|task=x", "set-metadata churn --version v1 --task x"),
        Asks("a dataset for a model", "invalid_arguments", "set_metadata", "model_name=churn|dataset=d", "set-metadata churn --dataset d"),
        Asks("a tag of a bad name", "invalid_arguments", "set_metadata", "model_name=churn|tags=a!b=1", "set-metadata churn --tag a!b=1"),
    ];

    /// <summary>Requests that no tool makes: what deletes is for people and scripts, and what only reads is read in another way.</summary>
    public static IReadOnlyList<ToollessRequest> WithoutTool { get; } =
    [
        new("to delete an unknown version", "version_not_found", "DELETE", "/models/churn/versions/v9", null, "delete churn v9"),
        new("to delete a version of an unknown model", "model_not_found", "DELETE", "/models/none/versions/v1", null, "delete none v1"),
        new("to delete whatever is newest", "invalid_arguments", "DELETE", "/models/churn/versions/latest", null, "delete churn latest"),
        new("to delete what serves", "version_serves", "DELETE", "/models/churn/versions/v1", null, "delete churn v1"),
        new("to delete what is proposed", "version_has_live_promotion", "DELETE", "/models/churn/versions/v2", null, "delete churn v2"),
        new("to delete what is deployed", "version_serves", "DELETE", "/models/spam/versions/v1", null, "delete spam v1"),
        new("to delete a version of an inactive model", "model_inactive", "DELETE", "/models/retired/versions/v1", null, "delete retired v1"),
        new("to delete an unknown model", "model_not_found", "DELETE", "/models/none", null, "delete none --whole-model"),
        new("to delete a model that serves", "serves_governed_stage", "DELETE", "/models/churn", null, "delete churn --whole-model"),
        new("the card of an unknown version", "version_not_found", "GET", "/models/churn/versions/v9/card", null, "card churn v9"),
        new("the card of an unknown model", "model_not_found", "GET", "/models/none/card", null, "card none"),
        new("an edit of a card that was not made", "card_edit_not_found", "GET", "/models/churn/versions/v1/card/history/ced_none", null, "card churn v1 --edit ced_none"),
        new("the lineage of an unknown version", "version_not_found", "GET", "/models/churn/versions/v9/lineage", null, "lineage churn v9"),
        new("the lineage of an unknown model", "model_not_found", "GET", "/models/none/versions/default/lineage", null, "lineage none"),
        new("measurements of an unknown model", "model_not_found", "GET", "/models/none/versions/default/metrics", null, "measurements none"),
        new("to measure an unknown version", "version_not_found", "POST", "/models/churn/versions/v9/metrics", """{"metric": "auc", "value": 0.9}""", "measure churn v9 --metric auc=0.9"),
        new("to measure an inactive model", "model_inactive", "POST", "/models/retired/versions/v1/metrics", """{"metric": "auc", "value": 0.9}""", "measure retired v1 --metric auc=0.9"),
        new("an unknown deployment", "deployment_not_found", "POST", "/deployments/dpl_none/stop", "{}", "stop-deployment dpl_none"),
        new("versions made from nothing that is named", "invalid_arguments", "GET", "/versions", null, "find-versions"),
    ];

    /// <param name="arguments"><c>name=value</c>, separated by bars; numbers and booleans are written as such, lists with commas.</param>
    private static SameRequest Asks(string about, string answer, string tool, string arguments, string line) =>
        new(about, answer, tool, new JsonObject(arguments.Split('|').Select(a => a.Split('=', 2)).Select(a => KeyValuePair.Create(a[0], (JsonNode?)Value(a[0], a[1])))), line.Split(' '));

    private static JsonNode Value(string name, string text) => name switch
    {
        "versions" or "files" or "metrics" or "tags" or "remove_aliases" => new JsonArray([.. text.Split(',').Select(item => (JsonNode)item)]),
        "limit" => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture),
        "is_active" => bool.Parse(text),
        _ => text,
    };
}
