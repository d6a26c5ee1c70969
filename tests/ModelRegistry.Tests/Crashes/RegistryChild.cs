using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Crashes;

/// <summary>
/// Another process that registers and promotes without end, in a registry under <c>team</c> and in one under <c>open</c>,
/// and says each thing it was told is done, a line each: <c>version REGISTRY MODEL NUMBER DIGEST .</c> or
/// <c>applied REGISTRY PROMOTION MODEL VERSION STAGE .</c>; the full stop tells a whole line from one cut off.
/// </summary>
internal static class RegistryChild
{
    public const string Verb = "registry-child";

    public static ChildProcess Start(string folder, string name) => ChildProcess.Start(Verb, folder, name);

    /// <summary>What the other process does.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var (folder, name) = (args[0], args[1]);
        Console.WriteLine("start");
        ChildProcess.EndWithTests();
        await using var team = Ok(await RegistryServices.OpenAsync(new RegistryOptions { DataFolder = Path.Combine(folder, "team") }, TimeProvider.System));
        await using var open = Ok(await RegistryServices.OpenAsync(new RegistryOptions { DataFolder = Path.Combine(folder, "open") }, TimeProvider.System));
        await team.Promotions.FinishApprovedAsync();
        var ben = Ok(await team.People.ProveAsync("ben", Passphrase, "terminal"));
        Console.WriteLine("open");
        // Each works on a model of its own and both registries have one that all processes add to.
        await Task.WhenAll(Task.Run(() => WorkAsync(team, "team", ben)), Task.Run(() => WorkAsync(team, "team", ben)), Task.Run(() => WorkAsync(open, "open", null)), Task.Run(() => ShareAsync(team, "team")), Task.Run(() => ShareAsync(open, "open")));
        return 0;

        async Task WorkAsync(RegistryServices services, string registry, ModelRegistry.Identity.ProvenPerson? person)
        {
            var model = $"{name}-{Guid.NewGuid():N}";
            while (true)
            {
                var version = await RegisterAsync(services, registry, model);
                foreach (var stage in new[] { "staging", "production" })
                {
                    var promotion = Ok(await services.Promotions.RequestAsync(Robot, new PromotionRequest(model, version, stage, "tests")));
                    if (promotion.Status == "pending")
                    {
                        var review = Ok(await services.Promotions.ReviewAsync(Robot, promotion.PromotionId!));
                        promotion = Ok(await services.Promotions.DecideAsync(person!.Actor, new DecisionRequest(promotion.PromotionId!, 1, review.StatementDigest, DecisionVerdict.Approve, "", person.Proof)));
                    }
                    Assert.Equal("applied", promotion.Status);
                    Console.WriteLine($"applied {registry} {promotion.PromotionId} {model} {version} {stage} .");
                }
            }
        }

        async Task ShareAsync(RegistryServices services, string registry)
        {
            while (true)
                await RegisterAsync(services, registry, "shared");
        }

        async Task<string> RegisterAsync(RegistryServices services, string registry, string model)
        {
            var source = Directory.CreateDirectory(Path.Combine(folder, "in", Guid.NewGuid().ToString("N"))).FullName;
            File.WriteAllText(Path.Combine(source, "model.onnx"), $"weights {Guid.NewGuid()}");
            File.WriteAllText(Path.Combine(source, "labels.txt"), "the same in each");
            var view = Ok(await services.Intake.RegisterAsync(Robot, new Registration(model, null, null, [source], Metadata())));
            Console.WriteLine($"version {registry} {model} {view.Number} {view.Digest} .");
            return view.Version;
        }
    }
}
