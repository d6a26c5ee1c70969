namespace ModelRegistry.Domain;

public static partial class PolicyReader
{
    /// <summary>The members of one object: read by name, remembered as known, the rest reported.</summary>
    private sealed class Fields(PolicyNode node, PolicyErrors errors)
    {
        private readonly HashSet<string> _known = new(StringComparer.Ordinal);

        public PolicyNode? Child(string key)
        {
            _known.Add(key);
            return node.Member(key);
        }

        public void Known(string key) => _known.Add(key);

        public string String(string key, bool required)
        {
            if (Child(key) is { } child)
                return Text(child, errors);
            if (required)
                errors.Add(node, $"needs \"{key}\"");
            return "";
        }

        public double Number(string key, double? fallback, double min = double.MinValue, double max = double.MaxValue)
        {
            if (Child(key) is not { } child)
            {
                if (fallback is null)
                    errors.Add(node, $"needs \"{key}\" (a number)");
                return fallback ?? 0;
            }
            if (!child.IsNumber || child.Number < min || child.Number > max || !double.IsFinite(child.Number))
                errors.Add(child, min == double.MinValue ? "must be a number" : max == double.MaxValue ? $"must be a number of at least {min}" : $"must be a number from {min} to {max}");
            return child.Number;
        }

        public bool Boolean(string key, bool fallback)
        {
            if (Child(key) is not { } child)
                return fallback;
            if (!child.IsBoolean)
                errors.Add(child, "must be true or false");
            return child.Kind == System.Text.Json.JsonTokenType.True;
        }

        public TEnum Choice<TEnum>(string key, TEnum fallback) where TEnum : struct, Enum =>
            Child(key) is { } child ? PolicyReader.Choice<TEnum>(child, errors) : fallback;

        public IReadOnlyList<string>? Strings(string key) => Child(key) is null ? null : Items(key, n => Text(n, errors));

        public IReadOnlyList<T> Items<T>(string key, Func<PolicyNode, T> read, bool required = false)
        {
            if (Child(key) is not { } child)
            {
                if (required)
                    errors.Add(node, $"needs \"{key}\" (a list)");
                return [];
            }
            if (!child.IsArray)
                errors.Add(child, "must be a list");
            else if (required && child.Items.Count == 0)
                errors.Add(child, "must not be empty");
            return [.. child.Items.Select(read)];
        }

        public IReadOnlyDictionary<string, T> Map<T>(string key, Func<PolicyNode, T> read)
        {
            var map = new Dictionary<string, T>(StringComparer.Ordinal);
            if (Child(key) is not { } child)
                return map;
            if (!child.IsObject)
                errors.Add(child, "must be an object");
            foreach (var (name, value) in child.Members)
                map.TryAdd(name, read(value));
            return map;
        }

        public void NothingElse()
        {
            if (!node.IsObject)
                errors.Add(node, "must be an object");
            foreach (var (_, value) in node.Members.Where(m => !_known.Contains(m.Key)))
                errors.Add(value.KeyLine, errors.Full ? "" : value.Path, $"is unknown (known here: {string.Join(", ", _known.Order(StringComparer.Ordinal))})");
        }
    }

    private static string Text(PolicyNode node, PolicyErrors errors)
    {
        if (!node.IsString || node.Text.Trim().Length == 0)
            errors.Add(node, "must be a text that is not empty");
        return node.Text;
    }

    private static string Known(PolicyNode node, Func<string, bool> isKnown, string problem, PolicyErrors errors)
    {
        var text = Text(node, errors);
        if (text.Length > 0 && !isKnown(text))
            errors.Add(node, $"'{text}' {problem}");
        return text;
    }

    private static string Stage(PolicyNode node, IReadOnlyList<string> stages, PolicyErrors errors) =>
        Known(node, s => stages.Count == 0 || stages.Contains(s), $"is not one of the stages {string.Join(", ", stages)}", errors);

    private static TEnum Choice<TEnum>(PolicyNode node, PolicyErrors errors) where TEnum : struct, Enum
    {
        if (node.IsString && Enum.GetNames<TEnum>().FirstOrDefault(n => n.Equals(node.Text, StringComparison.OrdinalIgnoreCase)) is { } name)
            return Enum.Parse<TEnum>(name);
        errors.Add(node, $"must be one of {string.Join(", ", Enum.GetNames<TEnum>().Select(n => n.ToLowerInvariant()))}");
        return default;
    }

    /// <summary>The ladder; that of the shipped policies where none is given, empty where it cannot be read.</summary>
    private static IReadOnlyList<string> ReadStages(Fields read, PolicyErrors errors)
    {
        if (read.Child("stages") is not { } node)
            return Stages.Ladder;
        var stages = new List<string>();
        foreach (var (item, stage) in read.Items("stages", n => (n, Known(n, s => Names.Role(s).Refusal is null, "is not a lower-case word", errors))))
        {
            if (stages.Contains(stage))
                errors.Add(item, $"names '{stage}' twice");
            stages.Add(stage);
        }
        if (node.IsArray && stages.Count < 2)
            errors.Add(node, "must name at least two stages");
        if (stages.Count > 20)
            errors.Add(node, "must name at most 20 stages");
        return stages;
    }

    /// <summary>What no single member shows.</summary>
    private static void CheckWhole(PolicyNode root, PromotionPolicy policy, PolicyErrors errors)
    {
        foreach (var stage in policy.Promotions.Keys.Where(s => !policy.StageNames.Contains(s)))
            errors.Add(root.Member("promotions")!.Member(stage)!, "is not one of the stages");
        if (policy.StageNames.Count > 0 && policy.Governs(policy.FirstStage))
            errors.Add(root.Member("promotions")!.Member(policy.FirstStage)!, "is the first stage, where versions are registered: nothing is promoted into it, so a rule there would hold nothing back");
        foreach (var stage in policy.Rollbacks.Keys.Where(s => !policy.Governs(s)))
            errors.Add(root.Member("rollback")!.Member(stage)!, "is not a governed stage");
        foreach (var (stage, rule) in policy.Promotions.Where(p => policy.Promotions.ContainsKey(p.Value.OnReplace)))
            errors.Add(root.Member("promotions")!.Member(stage)!.Member("on_replace") ?? root.Member("promotions")!.Member(stage)!, $"replaces into '{rule.OnReplace}', which is governed itself");
        // They are looked up ignoring case: of two that differ in nothing else one would be out of reach.
        foreach (var twice in policy.Targets.GroupBy(t => t.Name, StringComparer.OrdinalIgnoreCase).SelectMany(g => g.Skip(1)))
            errors.Add(root.Member("targets")!.Member(twice.Name)!, "is given twice (targets ignore case)");
        if (Names.Model(policy.Name).Refusal is not null)
            errors.Add(root.Member("name") ?? root, "must be a letter or digit, then letters, digits, spaces, dots, underscores or hyphens (ASCII)");
        // Only the profile that governs nothing at all may leave production open.
        if (policy.Name == PolicyProfiles.Open && policy.Promotions.Count == 0)
            return;
        if (policy.Promotions.Count == 0)
            errors.Add(root.Member("promotions") ?? root, "must govern at least one stage: only the policy \"open\" governs none");
        var needed = policy.GovernedAliases.Values.Append(Stages.Production).Distinct().Where(s => policy.StageNames.Contains(s) && !policy.Governs(s));
        foreach (var stage in needed)
            errors.Add(root.Member("promotions") ?? root, $"must say what '{stage}' takes: only the policy \"open\" leaves it ungoverned");
    }
}
