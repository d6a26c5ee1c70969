using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Identity;

/// <summary>How a passkey comes to be a person's. Attack 5: a program can enrol one as well.</summary>
[OnBothDatabases]
public sealed class PasskeyEnrolmentTests
{
    [Fact]
    [Attack(5, "rules")]
    public async Task The_first_takes_the_passphrase_and_the_second_more_than_that()
    {
        await using var it = await KeyedRegistry.OpenAsync();
        using var second = new SoftwareAuthenticator();
        Assert.Equal("key_needs_witness", No(await it.TryEnrolAsync(await it.Registry.PersonAsync("ben"), second)));
        // A key that the person has is one's own witness.
        Ok(await it.TryEnrolAsync(Ok(await it.ConfirmAsync()), second));
        Assert.Equal(2, Ok(await it.Keys.ListAsync(Robot, "ben")).Count);
        await it.Registry.VerifyAuditAsync();
    }

    [Fact]
    [Attack(5, "rules")]
    public async Task A_sign_in_enrols_nothing()
    {
        await using var it = await KeyedRegistry.OpenAsync();
        var cora = await it.Registry.PersonAsync("cora");
        var secret = Ok(await it.Registry.Services.SignIns.BeginAsync(cora)).Secret;
        var browser = Ok(await it.Registry.Services.SignIns.FindAsync(secret, "page"));
        using var key = new SoftwareAuthenticator();
        Assert.Equal("proof_required", No(await it.TryEnrolAsync(cora with { Actor = browser }, key)));
        it.Registry.Clock.Advance(Proof.Freshness + TimeSpan.FromSeconds(1));
        Assert.Equal("proof_required", No(await it.TryEnrolAsync(cora, key)));
        Assert.Empty(Ok(await it.Keys.ListAsync(Robot, "cora")));
    }

    [Fact]
    public async Task An_invite_is_for_one_person_once_and_not_for_ever()
    {
        await using var it = await KeyedRegistry.OpenAsync();
        using var second = new SoftwareAuthenticator();
        using var third = new SoftwareAuthenticator();
        await it.EnrolAsync("cora", third);
        var (ana, ben, cora) = (await it.Registry.PersonAsync("ana"), await it.Registry.PersonAsync("ben"), await it.Registry.PersonAsync("cora"));
        var invite = Ok(await it.Keys.InviteAsync(ana.Actor, "ben")).Code;
        using var fourth = new SoftwareAuthenticator();
        Assert.Equal("invite_invalid", No(await it.TryEnrolAsync(cora, fourth, invite)));
        Assert.Equal("invite_invalid", No(await it.TryEnrolAsync(ben, second, invite[..^1] + (invite[^1] == 'A' ? 'B' : 'A'))));
        Ok(await it.TryEnrolAsync(ben, second, invite));
        Assert.Equal("invite_invalid", No(await it.TryEnrolAsync(ben, fourth, invite)));

        var late = Ok(await it.Keys.InviteAsync(ana.Actor, "ben")).Code;
        it.Registry.Clock.Advance(TimeSpan.FromHours(24) + TimeSpan.FromSeconds(1));
        Assert.Equal("invite_invalid", No(await it.TryEnrolAsync(await it.Registry.PersonAsync("ben"), fourth, late)));
    }

    [Fact]
    public async Task Ones_own_word_and_a_machines_are_no_invite()
    {
        await using var it = await KeyedRegistry.OpenAsync();
        Assert.Equal("key_needs_witness", No(await it.Keys.InviteAsync((await it.Registry.PersonAsync("ana")).Actor, "ana")));
        Assert.Equal("role_missing", No(await it.Keys.InviteAsync((await it.Registry.PersonAsync("cora")).Actor, "ben")));
        Assert.Equal("person_required", No(await it.Keys.InviteAsync(Robot, "ben")));
        Assert.Equal("person_required", No(await it.Keys.BeginAsync(Robot)));
    }

    [Fact]
    [Attack(5, "rules")]
    public async Task Revoking_every_key_is_no_way_back_to_a_first_one()
    {
        await using var it = await KeyedRegistry.OpenAsync();
        Ok(await it.Keys.RevokeAsync((await it.Registry.PersonAsync("ben")).Actor, it.KeyId));
        using var next = new SoftwareAuthenticator();
        Assert.Equal("key_needs_witness", No(await it.TryEnrolAsync(await it.Registry.PersonAsync("ben"), next)));
        var invite = Ok(await it.Keys.InviteAsync((await it.Registry.PersonAsync("ana")).Actor, "ben")).Code;
        Ok(await it.TryEnrolAsync(await it.Registry.PersonAsync("ben"), next, invite));
    }

    [Fact]
    public async Task A_revoked_key_witnesses_nothing()
    {
        await using var it = await KeyedRegistry.OpenAsync();
        var shown = Ok(await it.ConfirmAsync());
        Ok(await it.Keys.RevokeAsync(shown.Actor, it.KeyId));
        using var next = new SoftwareAuthenticator();
        Assert.Equal("key_needs_witness", No(await it.TryEnrolAsync(shown, next)));
    }

    [Fact]
    public async Task What_was_made_for_one_person_or_once_is_not_anothers_or_twice()
    {
        await using var it = await KeyedRegistry.OpenAsync();
        var (ana, cora) = (await it.Registry.PersonAsync("ana"), await it.Registry.PersonAsync("cora"));
        using var key = new SoftwareAuthenticator();
        var made = key.Make(Ok(await it.Keys.BeginAsync(cora.Actor)));
        Assert.Equal("passkey_failed", No(await it.Keys.EnrolAsync(ana, "stolen", made, null)));
        using var own = new SoftwareAuthenticator();
        var begun = Ok(await it.Keys.BeginAsync(cora.Actor));
        Ok(await it.Keys.EnrolAsync(cora, "mine", own.Make(begun), null));
        Assert.Equal("challenge_invalid", No(await it.Keys.EnrolAsync(cora, "again", own.Make(begun), null)));
        var again = Ok(await it.Keys.BeginAsync(ana.Actor));
        Assert.Equal("key_taken", No(await it.Keys.EnrolAsync(ana, "hers", own.Make(again), null)));
    }

    [Theory]
    [InlineData("https://models.example.org.evil", true)]
    [InlineData("https://models.example.org", false)]
    public async Task A_key_made_on_another_page_or_without_its_user_is_not_enrolled(string origin, bool verified)
    {
        await using var it = await KeyedRegistry.OpenAsync();
        using var key = new SoftwareAuthenticator(origin) { VerifiesUser = verified };
        Assert.Equal("passkey_failed", No(await it.TryEnrolAsync(await it.Registry.PersonAsync("cora"), key)));
        Assert.Empty(Ok(await it.Keys.ListAsync(Robot, "cora")));
    }

    [Theory]
    [InlineData("", "invalid_arguments")]
    [InlineData("   ", "invalid_arguments")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123456789", "invalid_arguments")]
    public async Task A_key_has_a_name(string name, string code)
    {
        await using var it = await KeyedRegistry.OpenAsync();
        var cora = await it.Registry.PersonAsync("cora");
        using var key = new SoftwareAuthenticator();
        Assert.Equal(code, No(await it.Keys.EnrolAsync(cora, name, key.Make(Ok(await it.Keys.BeginAsync(cora.Actor))), null)));
    }
}
