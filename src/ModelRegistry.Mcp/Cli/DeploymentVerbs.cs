using System.Text.Json;
using System.Text.Json.Nodes;
using ModelRegistry.Deployments;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Remote;

namespace ModelRegistry.Mcp.Cli;

/// <summary>Verbs that put versions on serving targets, and show what stands there.</summary>
internal static class DeploymentVerbs
{
    public static Verb Deploy()
    {
        var verb = new Verb("deploy", "Proposes to serve a version from a target; a governed one parks it until a person decides (exit 8).",
            "deploy fraud-detector 3 staging", "deploy fraud-detector latest production --reason 'better recall' --config serving.json");
        var model = verb.Word("MODEL", "The model's name.", Completions.Models);
        var version = verb.Word("V", "Number, label, latest, default or @alias.", Completions.Versions);
        var target = verb.Word("TARGET", "A target that the policy declares; `targets` lists them.", Completions.Targets);
        var config = verb.Text("--config", "FILE", "A JSON object of at most 4 KiB: how to serve it. Whoever decides reads it, and it stays on record: no secrets.");
        var deployedBy = verb.Text("--deployed-by", "NAME", "Recorded as a claim.");
        var (reason, key) = PromotionVerbs.Why(verb);
        return verb.Over(async (run, registry) =>
        {
            var configuration = Read(run.Of(config));
            return configuration.Refusal is { } no ? run.Tell(no) : PromotionVerbs.Asked(run, await registry.AskAsync(Ask.Deploy(
                new DeploymentRequest(run.Of(model), run.Of(version), run.Of(target), configuration.Value, run.Of(deployedBy), run.Of(reason), run.Of(key))), run.Cancel));
        });
    }

    public static Verb Deployments()
    {
        var verb = new Verb("deployments", "Lists which version stands, stood or is to stand on which target, newest first.", "deployments", "deployments --model fraud-detector --status active", "deployments --target production --output json");
        var model = verb.Text("--model", "MODEL", "Of this model.", Completions.Models);
        var target = verb.Text("--target", "TARGET", "On this target.", Completions.Targets);
        var status = verb.Choice("--status", "In this state only.", [.. DeploymentWords.All]);
        var (limit, cursor) = CatalogVerbs.Paging(verb);
        return verb.Lists(run => Ask.Deployments(new DeploymentQuery(run.Of(model), run.Of(target), run.Of(status), run.Of(limit) ?? CatalogVerbs.DefaultLimit, run.Of(cursor))), List);
    }

    public static Verb Stop()
    {
        var verb = new Verb("stop-deployment", "Takes a version off a target that no gate guards.", "stop-deployment dpl_01k… --reason 'the test is over'");
        var id = verb.Word("ID", "The deployment's id; `deployments` lists them.");
        var reason = verb.Text("--reason", "TEXT", "Why.");
        return verb.Over(async (run, registry) => run.Answer(await registry.AskAsync(Ask.StopDeployment(run.Of(id), run.Of(reason)), run.Cancel), d => List([d])));
    }

    public static Verb Targets() => new Verb("targets", "Lists the serving targets that the policy declares.", "targets")
        .Lists(_ => Ask.Targets(), targets => new Sheet().Rows("", ["TARGET", "REQUIRES", "A PERSON DECIDES"], targets.Select(t => new[] { t.Name, t.Stage, Shown.YesNo(t.Governed) })));

    private static Sheet List(IReadOnlyList<DeploymentView> deployments) => new Sheet().Rows("", ["ID", "TARGET", "MODEL", "VERSION", "STATUS", "SINCE", "UNTIL", "REQUESTED BY", "PROMOTION", "RUNS"], deployments.Select(d => new[]
    {
        d.DeploymentId, d.Target, d.ModelName, d.Version, d.Met == false ? $"{d.Status}, not allowed there any more" : d.Status, Shown.Time(d.StartedAt), Shown.Time(d.EndedAt), d.RequestedBy, d.PromotionId,
        d.Observed is { } o ? $"{o.Version} {o.Status}{(o.Matches ? "" : " (not what is wanted)")}" : "-",
    }));

    private static Outcome<JsonNode?> Read(string? path)
    {
        var text = TextFile.ReadOrNull(path);
        if (text.Refusal is { } no)
            return no;
        try
        {
            return text.Value is null ? (JsonNode?)null : JsonNode.Parse(text.Value) ?? JsonValue.Create("null");
        }
        catch (JsonException e)
        {
            return Refusals.TextFileInvalid(path!, $"it is not JSON: {e.Message.TrimEnd('.')}");
        }
    }
}
