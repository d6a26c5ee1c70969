using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Remote;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp.Cli;

/// <summary>What could stand at a place of the line. Read from the registry where there is one; a shell waiting for Tab hears of no failure.</summary>
internal static class Completions
{
    private const int Most = 100;

    /// <summary>A shell does nothing else meanwhile.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Answers a shell's Tab, one word a line. Options are offered where nothing else fits, or they were begun.</summary>
    public static int Offer(ParseResult asked, TextWriter output)
    {
        using var all = new StringWriter(CultureInfo.InvariantCulture);
        var code = asked.Invoke(new InvocationConfiguration { Output = all });
        var words = all.ToString().Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var first = words.Where(word => !word.StartsWith('-')).ToList();
        foreach (var word in first.Count > 0 ? first : [.. words])
            output.WriteLine(word);
        return code;
    }

    public static IEnumerable<CompletionItem> Stages(CompletionContext context) => Items(Domain.Stages.Ladder);

    public static IEnumerable<CompletionItem> Statuses(CompletionContext context) => Items(VersionStatus.Words);

    public static IEnumerable<CompletionItem> Roles(CompletionContext context) => Items(Permissions.Roles);

    public static IEnumerable<CompletionItem> MachineRoles(CompletionContext context) => Items(Permissions.MachineRoles);

    public static IEnumerable<CompletionItem> Models(CompletionContext context) => Look(context, async (registry, cancel) =>
        (await registry.AskAsync(Ask.Models(new ModelQuery(Limit: Most)), cancel)).Value.Items.Select(m => m.Name));

    public static IEnumerable<CompletionItem> Versions(CompletionContext context) => Look(context, async (registry, cancel) =>
    {
        var model = context.ParseResult.GetValue<string>("MODEL") ?? "";
        var info = await registry.AskAsync(Ask.Model(model, null), cancel);
        var versions = await registry.AskAsync(Ask.Versions(new VersionQuery(model, Limit: Most)), cancel);
        return [.. versions.Value.Items.Select(v => v.Version), .. info.Value.Aliases.Keys.Select(a => "@" + a), "latest"];
    });

    public static IEnumerable<CompletionItem> LivePromotions(CompletionContext context) => Promotions(context, "live");

    public static IEnumerable<CompletionItem> AnyPromotions(CompletionContext context) => Promotions(context, "all");

    public static IEnumerable<CompletionItem> Persons(CompletionContext context) => Look(context, async (registry, cancel) =>
        (await registry.AskAsync(Ask.Persons(), cancel)).Value.Items.Where(p => !p.Disabled).Select(p => p.Name));

    public static IEnumerable<CompletionItem> Targets(CompletionContext context) => Look(context, async (registry, cancel) =>
        (await registry.AskAsync(Ask.Targets(), cancel)).Value.Items.Select(t => t.Name));

    public static IEnumerable<CompletionItem> Webhooks(CompletionContext context) => Look(context, async (registry, cancel) =>
        (await registry.AskAsync(Ask.Webhooks(), cancel)).Value.Items.Where(w => w.State == "active").Select(w => w.Id));

    private static IEnumerable<CompletionItem> Promotions(CompletionContext context, string status) => Look(context, async (registry, cancel) =>
        (await registry.AskAsync(Ask.Promotions(new PromotionQuery(status, Limit: Most)), cancel)).Value.Items.Select(p => p.PromotionId!));

    private static IEnumerable<CompletionItem> Look(CompletionContext context, Func<IRegistry, CancellationToken, Task<IEnumerable<string>>> read)
    {
        try
        {
            var settings = CommandLine.Read(context.ParseResult, Environment.GetEnvironmentVariable);
            return settings.Refusal is null ? Items(Task.Run(() => LookAsync(settings.Value, read)).GetAwaiter().GetResult()) : [];
        }
        catch (Exception)
        {
            return [];
        }
    }

    private static async Task<IReadOnlyList<string>> LookAsync(Settings settings, Func<IRegistry, CancellationToken, Task<IEnumerable<string>>> read)
    {
        using var patience = new CancellationTokenSource(Patience);
        if (settings.Server is { } server)
        {
            using var client = new RestClient(server);
            return [.. await read(new ServedRegistry(client), patience.Token)];
        }
        if (!await RegistryServices.IsThereAsync(settings.Registry, patience.Token))
            return [];
        var opened = await RegistryServices.OpenAsync(settings.Registry, TimeProvider.System);
        await using var registry = opened.Value;
        return [.. await read(new OpenedRegistry(registry, await registry.Actors.CliAsync(Environment.UserName)), patience.Token)];
    }

    private static IEnumerable<CompletionItem> Items(IEnumerable<string> labels) => labels.Select(l => new CompletionItem(VisibleText.Line(l)));
}
