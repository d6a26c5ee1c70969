namespace ModelRegistry.Domain;

public static partial class Refusals
{
    public static Refusal VersionServes(string version, string stage) => new(RefusalKind.Conflict, "version_serves",
        $"Version {version} serves {stage}.", "Promote another version in its place, or move it to archived first.");

    public static Refusal VersionDeployed(string version, string target) => new(RefusalKind.Conflict, "version_deployed",
        $"Version {version} is deployed on {target}.", "Deploy another version there, or stop that deployment first (`stop-deployment`, or POST /deployments/{id}/stop).");

    public static Refusal VersionHasLivePromotion(string version, string id) => new(RefusalKind.Conflict, "version_has_live_promotion",
        $"Promotion {id} of version {version} is still live.", $"Wait for its decision or withdraw it (withdraw_promotion, or `withdraw {id}`).");

    public static Refusal VersionRetained(string version, string stage, DateTimeOffset until) => new(RefusalKind.PolicyUnmet, "version_retained",
        $"Version {version} served {stage}, and is kept until {Times.Text(until)}.", "Delete it then, or have an admin lower retention_days in the policy.");

    public static Refusal RevisionChanged(string model, string? version) => new(RefusalKind.Outdated, "revision_changed",
        string.IsNullOrWhiteSpace(version) ? $"'{model}' is no longer as it was when you looked." : $"Version {Shown(version)} of '{model}' is no longer as it was when you looked.",
        "Look again, and repeat the change with the new revision (the ETag) if it is still wanted. Nothing was changed.");

    // ---- what is asked for --------------------------------------------------------------------------------------

    /// <summary>Several bad fields of one request, each named with what it may hold.</summary>
    public static Refusal InvalidArguments(IReadOnlyDictionary<string, string> fields) => new(RefusalKind.Invalid, "invalid_arguments",
        string.Join(" ", fields.Select(f => $"{f.Key}: {f.Value}{(f.Value.EndsWith('.') || f.Value.EndsWith('?') ? "" : ".")}")), "Correct these fields and call again.", fields);

    public static Refusal InvalidArgument(string field, string problem) => InvalidArguments(new Dictionary<string, string> { [field] = problem });

    public static Refusal NameInvalid(string field, string? value, string rule) => new(RefusalKind.Invalid, "name_invalid",
        $"{field} '{Shown(value)}' is not allowed: {rule}.", "Choose a name that fits.", new Dictionary<string, string> { [field] = rule });

    public static Refusal CursorInvalid => new(RefusalKind.Invalid, "cursor_invalid", "The cursor is not one this list gave out.", "Leave the cursor out to begin again.");

    public static Refusal StageUnknown(string? stage, IReadOnlyList<string> ladder) => new(RefusalKind.Invalid, "stage_unknown",
        $"There is no stage '{Shown(stage)}'.", $"Use one of {string.Join(", ", ladder)}.", new Dictionary<string, string> { ["stage"] = $"one of {string.Join(", ", ladder)}" });

    // ---- models -------------------------------------------------------------------------------------------------

    public static Refusal ModelNotFound(string? name, string? nearest) => new(RefusalKind.NotFound, "model_not_found",
        $"There is no model '{Shown(name)}'.{(nearest is null ? "" : $" The nearest name is '{nearest}'.")}", "Call list_models (or list-models) to see what there is.");

    public static Refusal ModelExists(string name) => new(RefusalKind.Conflict, "model_exists",
        $"A model named '{name}' is already there (names are unique ignoring case).", "Register a version under it, or choose another name.");

    public static Refusal ModelInactive(string name) => new(RefusalKind.Conflict, "model_inactive",
        $"The model '{name}' is inactive and therefore read-only.", "Make it active again first.");

    public static Refusal ChangedMeanwhile(string what) => new(RefusalKind.Conflict, "changed_meanwhile",
        $"{what} changed while you were at it.", "Read it again and repeat the change.");

    // ---- versions -----------------------------------------------------------------------------------------------

    public static Refusal VersionNotFound(string model, string? reference, string? hint) => new(RefusalKind.NotFound, "version_not_found",
        $"The model '{model}' has no version '{Shown(reference)}'.{(hint is null ? "" : $" {hint}")}", "Call list_versions (or list-versions) to see its versions.");

    public static Refusal NoVersions(string model) => new(RefusalKind.NotFound, "version_not_found",
        $"The model '{model}' has no versions yet.", "Register one first.");

    public static Refusal VersionReferenceInvalid(string text) => new(RefusalKind.Invalid, "version_reference_invalid",
        $"'{Shown(text)}' does not name a version.", "Use a number (3), a label (v3 or 1.2.0), latest, default or @alias.",
        new Dictionary<string, string> { ["version"] = "a number (3), a label (v3 or 1.2.0), latest, default or @alias" });

    public static Refusal VersionExists(string label, string next) => new(RefusalKind.Conflict, "version_exists",
        $"Version '{label}' exists already, or existed; numbers and labels are never reused.", $"Leave the version out, or use {next}.");

    public static Refusal LabelScheme(string label, string scheme, string remedy) => new(RefusalKind.Invalid, "label_scheme",
        $"'{Shown(label)}' is not a label of this model, which uses {scheme} versions.", remedy, new Dictionary<string, string> { ["version"] = $"a label of the {scheme} scheme" });

    public static Refusal LabelAndBump => new(RefusalKind.Invalid, "label_and_bump",
        "A version label and a bump were both given.", "Give one of them.");

    public static Refusal BumpNeedsSemver => new(RefusalKind.Invalid, "bump_needs_semver",
        "This model numbers its versions v1, v2, v3; there is nothing to bump.", "Leave the bump out.");

    public static Refusal ContentMissing => new(RefusalKind.Invalid, "content_missing",
        "A version needs at least one file.", "Name the model's file or folder.", new Dictionary<string, string> { ["file"] = "at least one file or folder" });

    public static Refusal TooFewVersions => new(RefusalKind.Invalid, "too_few_versions",
        "A comparison needs at least two different versions.", "Name two to ten versions, separated by commas.", new Dictionary<string, string> { ["versions"] = "two to ten versions" });

    public static Refusal AliasGoverned(string alias, string stage) => new(RefusalKind.Forbidden, "alias_governed",
        $"The alias '{alias}' follows what serves {stage}; it moves only through a promotion.", $"Call promote_model with stage {stage} (or promote).");

    public static Refusal ServesGoverned(string model, string stage) => new(RefusalKind.Forbidden, "serves_governed_stage",
        $"'{model}' has a version that serves {stage}; what serves there is neither renamed, deleted nor deactivated past the gate.", $"Propose to move it out of {stage} first.");

    public static Refusal MetricCompared(string version, string metric, string stage) => new(RefusalKind.Forbidden, "metric_compared",
        $"Version {version} serves {stage}, and the policy compares candidates with its {Shown(metric)}, which therefore stays as it is.", "Record the new measurement under another name, or register a new version.");

    public static Refusal ModelHasLivePromotion(string model, string promotionId) => new(RefusalKind.Conflict, "model_has_live_promotion",
        $"Promotion {promotionId} of '{model}' is still live.", $"Wait for its decision or withdraw it (withdraw_promotion {promotionId}), then delete the model.");

    public static Refusal MeasurementsFull(string version, int most) => new(RefusalKind.Conflict, "measurements_full",
        $"Version {version} would have more than {most} measurements.", "Record summaries instead of every run, or register a new version.");

    // ---- model cards --------------------------------------------------------------------------------------------

    public static Refusal CardUnreadable(int line, string what, string remedy) => new(RefusalKind.Invalid, "card_unreadable",
        $"The front matter of the card cannot be read, at line {line}: {Shown(what)}.", remedy, new Dictionary<string, string> { ["card"] = $"line {line}: {Shown(what)}" });

    public static Refusal CardEditNotFound(string? id) => new(RefusalKind.NotFound, "card_edit_not_found",
        $"This card has no edit '{Shown(id)}'.", "Read the card's history to see its edits.");

    public static Refusal CardHistoryFull(int most) => new(RefusalKind.Conflict, "card_history_full",
        $"This card was edited {most} times, and every one of its texts is kept.", "Register a new version, which has a card of its own.");

    // ---- files on the way in ------------------------------------------------------------------------------------

    public static Refusal MetadataInvalid(string problem) => new(RefusalKind.Invalid, "metadata_invalid",
        $"The metadata cannot be read: {problem}", "Correct the metadata and register again; nothing was stored.", new Dictionary<string, string> { ["metadata"] = problem });
}
