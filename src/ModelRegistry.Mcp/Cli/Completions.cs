using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp.Cli;

/// <summary>What could stand at a place of the line. Read from the data folder where there is one; a shell waiting for Tab hears of no failure.</summary>
internal static class Completions
{
    private const int Most = 100;

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

    public static IEnumerable<CompletionItem> Roles(CompletionContext context) => Items(Permissions.Roles);

    public static IEnumerable<CompletionItem> MachineRoles(CompletionContext context) => Items(Permissions.MachineRoles);

    public static IEnumerable<CompletionItem> Models(CompletionContext context) => Ask(context, async (registry, me) =>
        (await registry.Catalog.ListModelsAsync(me, new ModelQuery(Limit: Most))).Value.Items.Select(m => m.Name));

    public static IEnumerable<CompletionItem> Versions(CompletionContext context) => Ask(context, async (registry, me) =>
    {
        var model = context.ParseResult.GetValue<string>("MODEL") ?? "";
        var info = await registry.Catalog.GetAsync(me, model, null);
        var versions = await registry.Catalog.ListVersionsAsync(me, new VersionQuery(model, Limit: Most));
        return [.. versions.Value.Items.Select(v => v.Version), .. info.Value.Aliases.Keys.Select(a => "@" + a), "latest"];
    });

    public static IEnumerable<CompletionItem> LivePromotions(CompletionContext context) => Promotions(context, "live");

    public static IEnumerable<CompletionItem> AnyPromotions(CompletionContext context) => Promotions(context, "all");

    public static IEnumerable<CompletionItem> Persons(CompletionContext context) => Ask(context, async (registry, me) =>
        (await registry.People.ListAsync(me)).Value.Where(p => !p.Disabled).Select(p => p.Name));

    public static IEnumerable<CompletionItem> Webhooks(CompletionContext context) => Ask(context, async (registry, me) =>
        (await registry.Notices.WebhooksAsync(me)).Value.Where(w => w.State == "active").Select(w => w.Id));

    private static IEnumerable<CompletionItem> Promotions(CompletionContext context, string status) => Ask(context, async (registry, me) =>
        (await registry.Promotions.ListAsync(me, new PromotionQuery(status, Limit: Most))).Value.Items.Select(p => p.PromotionId!));

    private static IEnumerable<CompletionItem> Ask(CompletionContext context, Func<RegistryServices, Actor, Task<IEnumerable<string>>> read)
    {
        try
        {
            var settings = CommandLine.Read(context.ParseResult, Environment.GetEnvironmentVariable);
            if (settings.Refusal is not null || !RegistryServices.IsThere(settings.Value.Registry))
                return [];
            return Items(Task.Run(async () =>
            {
                var opened = await RegistryServices.OpenAsync(settings.Value.Registry, TimeProvider.System);
                await using var registry = opened.Value;
                return (await read(registry, await registry.Actors.CliAsync(Environment.UserName))).ToList();
            }).GetAwaiter().GetResult());
        }
        catch (Exception)
        {
            return [];
        }
    }

    private static IEnumerable<CompletionItem> Items(IEnumerable<string> labels) => labels.Select(l => new CompletionItem(VisibleText.Line(l)));
}
