using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Promotions;

/// <summary>Random sequences on the real desk. A failure names its seed; the same seed walks the same way.</summary>
public sealed class DeskWalkTests
{
    /// <summary>Two persons who sign, on every move of production; without the scan, which would block all but rollbacks.</summary>
    private static string TwoWhoSign => PolicyProfiles.Find("regulated")!
        .Replace("{\"rule\": \"requires\", \"fields\": [\"dataset\", \"code_commit\", \"card.intended_use\", \"card.limitations\", \"lineage\"]},", "", StringComparison.Ordinal)
        .Replace("{\"rule\": \"scan_clean\"}", "{\"rule\": \"requires\", \"fields\": [\"dataset\"]}", StringComparison.Ordinal);

    [Theory]
    [InlineData("team", 1, 900)]
    [InlineData("team", 2, 500)]
    [InlineData("regulated", 3, 600)]
    [InlineData("dialogs", 4, 400)]
    public async Task Whatever_agents_do_production_serves_what_people_put_there(string policy, int seed, int steps)
    {
        await using var it = await OpenAsync("team", inMemory: true);
        var walk = new DeskWalk(it, seed);
        await walk.BeginAsync(policy == "dialogs" ? Dialogs : policy);
        try
        {
            for (var step = 1; step <= steps; step++)
            {
                await walk.AgentActsAsync();
                await walk.ServesStillAsync("v2");
                if (step % 50 == 0)
                    await walk.StatesHoldAsync();
            }
            Assert.Equal(0, await walk.EveryMoveWasEarnedAsync());
        }
        catch (Exception e)
        {
            Assert.Fail($"{walk.Trace}\n{e}");
        }
    }

    [Theory]
    [InlineData("team", 11, 450, ProofMethod.Passphrase)]
    [InlineData("two who sign", 12, 450, ProofMethod.Passkey)]
    public async Task Whatever_is_tried_in_between_people_move_production_only_by_their_quorum(string policy, int seed, int steps, ProofMethod method)
    {
        await using var it = await OpenAsync("team", inMemory: true);
        var walk = new DeskWalk(it, seed);
        await walk.BeginAsync(policy == "team" ? policy : TwoWhoSign);
        try
        {
            for (var step = 1; step <= steps; step++)
            {
                await walk.AgentActsAsync();
                await walk.PersonActsAsync(method);
                if (step % 50 == 0)
                    await walk.StatesHoldAsync();
            }
            Assert.True(await walk.EveryMoveWasEarnedAsync() >= 3, "hardly anything was applied: the walk shows nothing");
        }
        catch (Exception e)
        {
            Assert.Fail($"{walk.Trace}\n{e}");
        }
    }

    /// <summary>As <c>local</c>, where a client's dialog decides, but of a role that none of the agents' owners has.</summary>
    private static string Dialogs => PolicyProfiles.Find("local")!
        .Replace("[{\"role\": \"approver\", \"count\": 1}]", "[{\"role\": \"risk\", \"count\": 1}]", StringComparison.Ordinal)
        .Replace("\"approvals\": 1", "\"approvals\": [{\"role\": \"risk\", \"count\": 1}]", StringComparison.Ordinal);
}
