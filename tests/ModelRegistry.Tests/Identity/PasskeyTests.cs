using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using ModelRegistry.Domain;
using ModelRegistry.Identity;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Identity;

/// <summary>What a passkey's answer is worth, and what it is not.</summary>
[OnBothDatabases]
public sealed class PasskeyTests
{
    [Fact]
    public async Task What_a_passkey_signed_decides_and_is_on_record_as_signed()
    {
        await using var it = await KeyedRegistry.OpenAsync();
        var promotion = await it.ParkAsync();
        var decided = Ok(await it.DecideAsync(promotion, "approve", DecisionVerdict.Approve));
        var decision = Assert.Single(decided.Decisions);
        Assert.Equal(("ben", "approve", "signed", "rest"), (decision.Person, decision.Decision, decision.Assurance, decision.Channel));
        Assert.Equal("applied", decided.Status);
        await it.Registry.VerifyAuditAsync();
    }

    // The framework draws its own challenge and keeps it in this state; ours takes the place of it.
    [Fact]
    public async Task The_framework_keeps_the_state_of_an_assertion_in_the_shape_that_is_relied_on()
    {
        var options = Options.Create(new IdentityPasskeyOptions { ServerDomain = "models.example.org" });
        using var ceremony = new PasskeyCeremony(new Uri("https://models.example.org"), new PasskeyHolder("act_1", "ben"), []);
        using var users = new UserManager<PasskeyHolder>(ceremony, Options.Create(new IdentityOptions()), new PasswordHasher<PasskeyHolder>(), [], [], new UpperInvariantLookupNormalizer(), new IdentityErrorDescriber(), null!, Microsoft.Extensions.Logging.Abstractions.NullLogger<UserManager<PasskeyHolder>>.Instance);
        var asked = await new PasskeyHandler<PasskeyHolder>(users, options).MakeRequestOptionsAsync(new PasskeyHolder("act_1", "ben"), new DefaultHttpContext());
        var (state, shown) = (JsonNode.Parse(asked.AssertionState!)!.AsObject(), JsonNode.Parse(asked.RequestOptionsJson)!.AsObject());
        Assert.Equal(["challenge", "userId"], state.Select(m => m.Key).Order());
        Assert.Equal("act_1", (string?)state["userId"]);
        // Standard base64 there, base64url here; the same bytes.
        Assert.Equal(Convert.FromBase64String((string)state["challenge"]!), System.Buffers.Text.Base64Url.DecodeFromChars((string)shown["challenge"]!));
    }

    [Theory]
    [InlineData("https://models.example.org.evil")]
    [InlineData("http://models.example.org")]
    [InlineData("https://evil.models.example.org")]
    [InlineData("https://models.example.org:444")]
    [InlineData("null")]
    public async Task A_passkey_used_on_another_page_is_not_taken(string origin)
    {
        await using var it = await KeyedRegistry.OpenAsync();
        it.Key.Origin = origin;
        Assert.Equal("passkey_failed", No(await it.DecideAsync(await it.ParkAsync(), "approve", DecisionVerdict.Approve)));
        Assert.Equal("passkey_failed", No(await it.ConfirmAsync()));
    }

    [Fact]
    public async Task A_passkey_that_did_not_verify_its_user_is_not_taken()
    {
        await using var it = await KeyedRegistry.OpenAsync();
        it.Key.VerifiesUser = false;
        Assert.Equal("passkey_failed", No(await it.ConfirmAsync()));
    }

    [Fact]
    public async Task What_was_signed_as_something_else_than_an_assertion_is_not_taken()
    {
        await using var it = await KeyedRegistry.OpenAsync();
        var asked = Ok(await it.Keys.ChallengeAsync(PasskeyUse.Confirm));
        Assert.Equal("passkey_failed", No(await it.Keys.ProveAsync(PasskeyUse.Confirm, it.Key.Sign(asked, type: "webauthn.create"), "rest")));
    }

    // Attack 10.
    [Fact]
    [Attack(10, "rules")]
    public async Task A_signature_for_one_promotion_does_not_decide_another()
    {
        await using var it = await KeyedRegistry.OpenAsync();
        var (one, other) = (await it.ParkAsync(), await it.ParkAsync("other"));
        var (proof, by) = await it.SignedAsync(one, "approve");
        Assert.Equal("proof_for_another", No(await it.DecideAsync(other, by, proof, DecisionVerdict.Approve)));
        // The challenge of the one, answered with the signature over the challenge of the other.
        var (first, second) = (Ok(await it.Keys.ChallengeAsync(one, "approve")), Ok(await it.Keys.ChallengeAsync(other, "approve")));
        Assert.NotEqual(first.StatementSha256, second.StatementSha256);
        Assert.Equal("passkey_failed", No(await it.Keys.ProveAsync(PasskeyUse.Decide, it.Key.Sign(second, SoftwareAuthenticator.Challenge(first)), "rest")));
    }

    // Attack 10.
    [Theory]
    [InlineData("approve", DecisionVerdict.Reject)]
    [InlineData("reject", DecisionVerdict.Approve)]
    [Attack(10, "rules")]
    public async Task A_signature_under_one_word_does_not_say_the_other(string signed, DecisionVerdict sent)
    {
        await using var it = await KeyedRegistry.OpenAsync();
        var promotion = await it.ParkAsync();
        var (proof, by) = await it.SignedAsync(promotion, signed);
        Assert.Equal("proof_for_another", No(await it.DecideAsync(promotion, by, proof, sent)));
        Assert.Empty((await it.Registry.PromotionAsync(promotion)).Decisions);
    }

    // Attack 9.
    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    [Attack(9, "rules")]
    public async Task An_answer_is_taken_once_also_from_a_key_that_does_not_count(uint step)
    {
        await using var it = await KeyedRegistry.OpenAsync(step);
        var asked = Ok(await it.Keys.ChallengeAsync(await it.ParkAsync(), "approve"));
        var answer = it.Key.Sign(asked);
        Ok(await it.Keys.ProveAsync(PasskeyUse.Decide, answer, "rest"));
        var again = No(await it.Keys.ProveAsync(PasskeyUse.Decide, answer, "rest"));
        Assert.Equal(step == 0 ? "challenge_invalid" : "passkey_failed", again);
        // A fresh signature over the used challenge is no better.
        Assert.Equal("challenge_invalid", No(await it.Keys.ProveAsync(PasskeyUse.Decide, it.Key.Sign(asked), "rest")));
    }

    // Attack 9.
    [Fact]
    public async Task Twenty_times_the_same_answer_at_once_is_taken_once()
    {
        await using var it = await KeyedRegistry.OpenAsync(0);
        var answer = it.Key.Sign(Ok(await it.Keys.ChallengeAsync(PasskeyUse.Confirm)));
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => it.Keys.ProveAsync(PasskeyUse.Confirm, answer, "rest"))));
        Assert.Single(outcomes, o => o.Refusal is null);
        Assert.All(outcomes.Where(o => o.Refusal is not null), o => Assert.Equal("challenge_invalid", o.Refusal!.Code));
    }

    [Fact]
    public async Task An_answer_that_comes_late_is_not_taken()
    {
        await using var it = await KeyedRegistry.OpenAsync();
        var asked = Ok(await it.Keys.ChallengeAsync(PasskeyUse.Confirm));
        it.Registry.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal("challenge_invalid", No(await it.Keys.ProveAsync(PasskeyUse.Confirm, it.Key.Sign(asked), "rest")));
    }

    // Attack 24.
    [Fact]
    public async Task What_answers_one_kind_of_question_answers_no_other()
    {
        await using var it = await KeyedRegistry.OpenAsync();
        var promotion = await it.ParkAsync();
        var asked = new Dictionary<PasskeyUse, CeremonyView>
        {
            [PasskeyUse.SignIn] = Ok(await it.Keys.ChallengeAsync(PasskeyUse.SignIn)),
            [PasskeyUse.Confirm] = Ok(await it.Keys.ChallengeAsync(PasskeyUse.Confirm)),
            [PasskeyUse.Decide] = Ok(await it.Keys.ChallengeAsync(promotion, "approve")),
        };
        foreach (var (given, view) in asked)
            foreach (var use in asked.Keys.Where(use => use != given))
                Assert.Equal("challenge_invalid", No(await it.Keys.ProveAsync(use, it.Key.Sign(view), "rest")));
        // An assertion that shows presence only is worth no signature: what was proven for one thing decides nothing.
        var confirmed = Ok(await it.Keys.ProveAsync(PasskeyUse.Confirm, it.Key.Sign(asked[PasskeyUse.Confirm]), "rest"));
        Assert.Equal("proof_for_another", No(await it.DecideAsync(promotion, confirmed.Actor, confirmed.Proof, DecisionVerdict.Approve)));
    }

    // Attack 24.
    [Fact]
    public async Task A_state_that_was_changed_is_none_of_ours()
    {
        await using var it = await KeyedRegistry.OpenAsync();
        var asked = Ok(await it.Keys.ChallengeAsync(PasskeyUse.Confirm));
        foreach (var state in new[] { "", ".", "a.b", asked.State[..^2] + (asked.State[^2] == 'A' ? "BA" : "AA"), "A" + asked.State[1..], asked.State + ".x", new string('a', 10_000) })
            Assert.Equal("challenge_invalid", No(await it.Keys.ProveAsync(PasskeyUse.Confirm, it.Key.Sign(asked with { State = state }), "rest")));
        Ok(await it.Keys.ProveAsync(PasskeyUse.Confirm, it.Key.Sign(asked), "rest"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"id\": 7}")]
    [InlineData("{\"id\": \"AAAA\"}")]
    [InlineData("{\"id\": {\"id\": \"AAAA\"}, \"id\": \"AAAA\"}")]
    [InlineData("{\"id\": \"KEY\"}")]
    [InlineData("{\"id\": \"KEY\", \"rawId\": \"KEY\", \"type\": \"public-key\", \"response\": {}}")]
    [InlineData("{\"id\": \"KEY\", \"rawId\": \"KEY\", \"type\": \"public-key\", \"clientExtensionResults\": {}, \"response\": {\"clientDataJSON\": \"AA\", \"authenticatorData\": \"AA\", \"signature\": \"AA\"}}")]
    [InlineData("{\"id\": \"KEY\", \"rawId\": \"KEY\", \"type\": \"public-key\", \"clientExtensionResults\": {}, \"response\": {\"clientDataJSON\": \"!\", \"authenticatorData\": 5, \"signature\": null}}")]
    [InlineData("{\"id\": \"\\ud800\"}")]
    public async Task What_is_no_answer_of_an_authenticators_is_refused(string credential)
    {
        await using var it = await KeyedRegistry.OpenAsync();
        var asked = Ok(await it.Keys.ChallengeAsync(PasskeyUse.Confirm));
        Assert.Equal("passkey_failed", No(await it.Keys.ProveAsync(PasskeyUse.Confirm, new PasskeyAnswer(asked.State, credential.Replace("KEY", it.Key.Id, StringComparison.Ordinal)), "rest")));
    }

    // Attack 5.
    [Fact]
    [Attack(5, "rules")]
    public async Task A_key_enrolled_after_the_proposal_does_not_decide_it()
    {
        await using var it = await KeyedRegistry.OpenAsync();
        var promotion = await it.ParkAsync();
        it.Registry.Clock.Advance(TimeSpan.FromSeconds(1));
        using var late = new SoftwareAuthenticator();
        await it.EnrolAsync("cora", late);
        var asked = Ok(await it.Keys.ChallengeAsync(promotion, "approve"));
        var proven = Ok(await it.Keys.ProveAsync(PasskeyUse.Decide, late.Sign(asked), "rest"));
        Assert.Equal("enrolled_later", No(await it.DecideAsync(promotion, proven.Actor, proven.Proof, DecisionVerdict.Approve)));
    }

    [Fact]
    [Attack(23, "rules")]
    public async Task A_revoked_key_and_a_disabled_persons_are_worth_nothing()
    {
        await using var it = await KeyedRegistry.OpenAsync();
        var promotion = await it.ParkAsync();
        var (proof, by) = await it.SignedAsync(promotion, "approve");
        Ok(await it.Keys.RevokeAsync((await it.Registry.PersonAsync("ana")).Actor, it.KeyId));
        // Also when it was revoked after it had signed.
        Assert.Equal("proof_failed", No(await it.DecideAsync(promotion, by, proof, DecisionVerdict.Approve)));
        Assert.Equal("passkey_failed", No(await it.ConfirmAsync()));

        using var coras = new SoftwareAuthenticator();
        await it.EnrolAsync("cora", coras);
        var asked = Ok(await it.Keys.ChallengeAsync(PasskeyUse.SignIn));
        Ok(await it.Registry.Services.People.DisableAsync((await it.Registry.PersonAsync("ana")).Actor, "cora"));
        Assert.Equal("passkey_failed", No(await it.Keys.ProveAsync(PasskeyUse.SignIn, coras.Sign(asked), "page")));
    }

    [Fact]
    public async Task What_was_signed_before_the_statement_changed_is_void()
    {
        await using var it = await KeyedRegistry.OpenAsync();
        var promotion = await it.ParkAsync();
        var signed = await it.SignedAsync(promotion, "approve");
        Ok(await it.Registry.Services.Metadata.SetAsync(await it.Registry.AgentAsync(), new ModelRegistry.Catalog.MetadataEdit("digits") { Version = "v1", Dataset = "other@2" }));
        Assert.Equal("proof_for_another", No(await it.DecideAsync(promotion, signed.By, signed.Proof, DecisionVerdict.Approve)));
    }

    [Fact]
    public async Task Without_pages_there_is_no_challenge()
    {
        await using var it = await OpenAsync("regulated");
        Assert.Equal("no_pages", No(await it.Services.Passkeys.ChallengeAsync(PasskeyUse.Confirm)));
    }
}
