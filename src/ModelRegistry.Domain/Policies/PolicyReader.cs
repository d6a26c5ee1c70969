using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace ModelRegistry.Domain;

/// <summary>
/// Reads a policy from its JSON. Unknown keys are errors, and each error names its line; nothing is guessed, since a
/// misspelt rule that is silently ignored is an open door.
/// </summary>
public static partial class PolicyReader
{
    /// <summary>Of the file, in characters.</summary>
    private const int MaxLength = 256 * 1024;

    public static Outcome<PromotionPolicy> Parse(string json)
    {
        if (json.Length > MaxLength)
            return Refusals.PolicyInvalid(["line 1: larger than 256 KiB"]);
        var bytes = Encoding.UTF8.GetBytes(json);
        var errors = new PolicyErrors();
        var root = PolicyNode.Parse(bytes, errors);
        if (errors.Any)
            return Refusals.PolicyInvalid(errors.Lines);
        if (!root.IsObject)
            return Refusals.PolicyInvalid([$"line {root.Line}: a policy is a JSON object"]);

        var read = new Fields(root, errors);
        var stages = ReadStages(read, errors);
        var policy = new PromotionPolicy
        {
            Name = read.String("name", required: true),
            StageNames = stages,
            GovernedAliases = ReadGovernedAliases(read, stages, errors),
            Directions = read.Map("better", node => Choice<Better>(node, errors)),
            Targets = [.. read.Map("targets", node => ReadTarget(node, stages, errors)).Select(t => t.Value with { Name = t.Key })],
            Promotions = read.Map("promotions", node => ReadStageRule(node, stages, errors)),
            Rollbacks = read.Map("rollback", node => ReadRollback(node, errors)),
            Waivers = read.Items("waivers", node => ReadWaiver(node, errors)),
            BreakGlass = read.Child("break_glass") is { } glass ? ReadBreakGlass(glass, errors) : [],
            Change = read.Child("policy_change") is { } change ? ReadChange(change, errors) : PolicyChangeRule.Default,
            Digest = default,
        };
        read.NothingElse();
        CheckWhole(root, policy, errors);
        return errors.Any ? Refusals.PolicyInvalid(errors.Lines) : policy with { Digest = CanonicalJson.Digest(JsonNode.Parse(bytes)) };
    }

    // Keys ignore case, as aliases do: "Champion" is the governed alias too.
    private static Dictionary<string, string> ReadGovernedAliases(Fields read, IReadOnlyList<string> stages, PolicyErrors errors)
    {
        var aliases = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (alias, (node, stage)) in read.Map("governed_aliases", node => (node, Stage(node, stages, errors))))
        {
            if (Names.Alias(alias) is not { Refusal: null } name || name.Value != alias)
                errors.Add(node, "is not a possible alias");
            if (!aliases.TryAdd(alias, stage))
                errors.Add(node, "is given twice (aliases ignore case)");
        }
        return aliases;
    }

    private static StageRule ReadStageRule(PolicyNode node, IReadOnlyList<string> stages, PolicyErrors errors)
    {
        var read = new Fields(node, errors);
        var rule = new StageRule
        {
            From = [.. read.Items("from", n => Stage(n, stages, errors))],
            Approvals = ReadApprovals(node, errors),
            Assurance = read.Choice("assurance", Assurance.Authenticated),
            FourEyes = read.Boolean("four_eyes", false),
            ReasonRequired = read.Boolean("reason_required", false),
            PendingHours = read.Number("pending_hours", 24, 0.01, 24 * 90),
            ApplyHours = read.Number("apply_hours", 1, 0.01, 24 * 7),
            RetentionDays = read.Number("retention_days", 30, 0, 36_500),
            OnReplace = read.Child("on_replace") is { } replaced ? Stage(replaced, stages, errors) : stages.Count > 0 ? stages[^1] : "",
            Gates = read.Items("gates", n => ReadGate(n, stages, errors)).OfType<Gate>().ToList(),
        };
        read.Known("approvals");
        read.NothingElse();
        return rule;
    }

    private static RollbackRule ReadRollback(PolicyNode node, PolicyErrors errors)
    {
        var read = new Fields(node, errors);
        var rule = new RollbackRule(ReadApprovals(node, errors), read.Choice("assurance", Assurance.Authenticated), read.Boolean("four_eyes", false));
        read.Known("approvals");
        read.NothingElse();
        return rule;
    }

    private static List<Approvals> ReadApprovals(PolicyNode rule, PolicyErrors errors)
    {
        var node = rule.Member("approvals");
        if (node is null)
        {
            errors.Add(rule, "needs \"approvals\": a number, or a list of {\"role\", \"count\"}");
            return [];
        }
        if (node.IsNumber)
            return [new Approvals(Permissions.Approver, Count(node, errors))];
        if (!node.IsArray || node.Items.Count == 0)
        {
            errors.Add(node, "must be a number of approvers or a list of {\"role\", \"count\"} that is not empty");
            return [];
        }
        var approvals = new List<Approvals>();
        foreach (var item in node.Items)
        {
            var read = new Fields(item, errors);
            var role = read.String("role", required: true);
            if (Names.Role(role).Refusal is not null)
                errors.Add(item, $"names a role '{role}' that is not a lower-case word");
            else if (role is Permissions.Viewer or Permissions.Proposer or Permissions.Registrar)
                errors.Add(item, $"names the role '{role}', which machines can carry; approvals are for persons");
            if (approvals.Any(a => a.Role == role))
                errors.Add(item, $"names the role '{role}' twice");
            approvals.Add(new Approvals(role, item.Member("count") is { } count ? Count(count, errors) : 1));
            read.Known("count");
            read.NothingElse();
        }
        return approvals;
    }

    private static int Count(PolicyNode node, PolicyErrors errors)
    {
        if (node.IsNumber && node.Number is >= 1 and <= 20 && node.Number == Math.Floor(node.Number))
            return (int)node.Number;
        errors.Add(node, "must be a whole number from 1 to 20: a quorum is never empty");
        return 1;
    }

    private static Gate? ReadGate(PolicyNode node, IReadOnlyList<string> stages, PolicyErrors errors)
    {
        var read = new Fields(node, errors);
        var rule = read.String("rule", required: true);
        Gate? gate = rule switch
        {
            "metric_min" => new Gate.MetricMin(read.String("metric", true), read.Number("value", null)),
            "metric_max" => new Gate.MetricMax(read.String("metric", true), read.Number("value", null)),
            "no_regression" => new Gate.NoRegression(read.String("metric", true), read.Number("tolerance", 0, 0)),
            "requires" => new Gate.Requires([.. read.Items("fields", n => Known(n, MetadataFields.IsKnown, "is no metadata field", errors), required: true)]),
            "format_in" => new Gate.FormatIn([.. read.Items("formats", n => Text(n, errors), required: true)]),
            "scan_clean" => new Gate.ScanClean(),
            "soak_hours" => new Gate.SoakHours(read.Child("stage") is { } s ? Stage(s, stages, errors) : read.String("stage", true), read.Number("hours", null, 0)),
            "freeze" => new Gate.Freeze([.. read.Items("windows", n => ReadWindow(n, errors), required: true)]),
            _ => null,
        };
        if (gate is null)
        {
            if (rule.Length > 0)
                errors.Add(node, $"has the unknown rule '{rule}' (known: {string.Join(", ", Gate.Rules)})");
            return null;
        }
        read.NothingElse();
        return gate;
    }

    private static FreezeWindow ReadWindow(PolicyNode node, PolicyErrors errors)
    {
        var read = new Fields(node, errors);
        var (from, to) = (Day(read, "from", node, errors), Day(read, "to", node, errors));
        if (to < from)
            errors.Add(node, "ends before it begins");
        read.NothingElse();
        return new FreezeWindow(from, to);
    }

    private static DateOnly Day(Fields read, string key, PolicyNode node, PolicyErrors errors)
    {
        var text = read.String(key, required: true);
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            return day;
        errors.Add(node.Member(key) ?? node, $"needs \"{key}\" as a day such as 2026-12-20");
        return default;
    }

    private static Target ReadTarget(PolicyNode node, IReadOnlyList<string> stages, PolicyErrors errors)
    {
        var read = new Fields(node, errors);
        var stage = read.Child("stage") is { } s ? Stage(s, stages, errors) : read.String("stage", required: true);
        if (Names.Model(node.Step).Refusal is not null)
            errors.Add(node, "is not a possible name of a target");
        read.NothingElse();
        return new Target("", stage);
    }
}
