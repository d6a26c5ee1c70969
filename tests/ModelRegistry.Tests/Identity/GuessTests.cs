using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Identity;

/// <summary>Guessing a passphrase is slowed down, and keeps its person from nothing that matters.</summary>
[OnBothDatabases]
public sealed class GuessTests
{
    [Fact]
    public async Task Whoever_guesses_over_the_network_does_not_keep_a_person_from_their_own_terminal()
    {
        await using var it = await OpenAsync();
        for (var i = 0; i < 5; i++)
            Assert.Equal("proof_failed", No(await it.Services.People.ProveAsync("ana", $"guess number {i}", i % 2 == 0 ? "rest" : "page")));
        Assert.Equal("too_many_attempts", No(await it.Services.People.ProveAsync("ana", Passphrase, "rest")));
        Assert.Equal("too_many_attempts", No(await it.Services.People.ProveAsync("ana", Passphrase, "page")));
        Ok(await it.Services.People.ProveAsync("ana", Passphrase, "terminal"));
        for (var i = 0; i < 5; i++)
            Assert.Equal("proof_failed", No(await it.Services.People.ProveAsync("ana", $"guess number {i}", "terminal")));
        Assert.Equal("too_many_attempts", No(await it.Services.People.ProveAsync("ana", Passphrase, "terminal")));
        it.Clock.Advance(TimeSpan.FromSeconds(61));
        Ok(await it.Services.People.ProveAsync("ana", Passphrase, "rest"));
    }
}
