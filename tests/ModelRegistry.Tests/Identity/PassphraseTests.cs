using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Identity;

/// <summary>Changing a passphrase: by whoever has it, or a passkey of theirs, and by nobody else.</summary>
[OnBothDatabases]
public sealed class PassphraseTests
{
    private const string Bens = Passphrase + "ben", Other = "another four words";

    [Fact]
    public async Task The_one_before_ends_and_with_it_who_signed_in_by_it()
    {
        await using var it = await OpenAsync();
        var ben = await it.PersonAsync("ben");
        var browser = Ok(await it.Services.SignIns.BeginAsync(ben));

        Assert.Equal("ben", Ok(await it.Services.People.ChangePassphraseAsync(ben, Other)).Name);

        Assert.Equal("proof_failed", No(await it.Services.People.ProveAsync("ben", Bens, "page")));
        Ok(await it.Services.People.ProveAsync("ben", Other, "page"));
        Assert.Equal("sign_in_required", No(await it.Services.SignIns.FindAsync(browser.Secret, "page")));
        // What was proven with it before is proven no longer.
        Assert.Equal("proof_failed", No(await it.Services.People.ChangePassphraseAsync(ben, "yet another one")));
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task The_new_one_decides_nothing_that_was_proposed_before_it()
    {
        await using var it = await OpenAsync();
        var id = (await it.ParkAsync("digits")).PromotionId!;
        it.Clock.Advance(TimeSpan.FromSeconds(1));
        Ok(await it.Services.People.ChangePassphraseAsync(await it.PersonAsync("ben"), Other));
        var proven = Ok(await it.Services.People.ProveAsync("ben", Other, "page"));
        var review = await it.ReviewAsync(id);

        var decided = await it.Services.Promotions.DecideAsync(proven.Actor, new(id, review.Promotion.Revision, review.StatementDigest, DecisionVerdict.Approve, "", proven.Proof));

        Assert.Equal("enrolled_later", No(decided));
        Assert.Equal("pending", (await it.ReviewAsync(id)).Promotion.Status);
    }

    [Fact]
    public async Task It_is_not_changed_without_a_fresh_proof_nor_to_what_does_not_do()
    {
        await using var it = await OpenAsync();
        var ben = await it.PersonAsync("ben");
        Assert.Equal("passphrase_same", No(await it.Services.People.ChangePassphraseAsync(ben, Bens)));
        Assert.Equal("passphrase_weak", No(await it.Services.People.ChangePassphraseAsync(ben, "short")));
        Assert.Equal("proof_required", No(await it.Services.People.ChangePassphraseAsync(ben with { Actor = ben.Actor with { SessionOnly = true } }, Other)));
        Assert.Equal("person_required", No(await it.Services.People.ChangePassphraseAsync(ben with { Actor = Robot }, Other)));
        // Another person's proof is none of his, an admin's neither.
        var ana = await it.PersonAsync("ana");
        Assert.Equal("proof_failed", No(await it.Services.People.ChangePassphraseAsync(ben with { Proof = ana.Proof }, Other)));
        it.Clock.Advance(Proof.Freshness + TimeSpan.FromSeconds(1));
        Assert.Equal("proof_required", No(await it.Services.People.ChangePassphraseAsync(ben, Other)));
        Ok(await it.Services.People.ProveAsync("ben", Bens, "page"));
        await it.VerifyAuditAsync();
    }

    [Fact]
    public async Task A_passkey_changes_it_for_who_has_forgotten_it()
    {
        await using var it = await KeyedRegistry.OpenAsync();
        Ok(await it.Registry.Services.People.ChangePassphraseAsync(Ok(await it.ConfirmAsync()), Other));
        Ok(await it.Registry.Services.People.ProveAsync("ben", Other, "page"));
        await it.Registry.VerifyAuditAsync();
    }

    [Fact]
    public async Task Of_two_that_change_it_at_once_one_does()
    {
        await using var it = await OpenAsync();
        var ben = await it.PersonAsync("ben");
        var tries = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => it.Services.People.ChangePassphraseAsync(ben, $"passphrase number {i}")));
        Assert.Single(tries, t => t.Refusal is null);
        var at = Array.FindIndex(tries, t => t.Refusal is null);
        Ok(await it.Services.People.ProveAsync("ben", $"passphrase number {at}", "page"));
    }
}
