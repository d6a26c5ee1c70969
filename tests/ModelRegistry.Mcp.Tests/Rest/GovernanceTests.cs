using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Tests;
using Xunit;
using static ModelRegistry.Mcp.Tests.Rest.ServedRest;

namespace ModelRegistry.Mcp.Tests.Rest;

/// <summary>Broken glass, its review, credentials and webhooks, over REST.</summary>
public sealed class GovernanceTests
{
    private const string Other = "another four words";

    [Fact]
    public async Task The_glass_is_broken_by_a_listed_persons_signature_and_reviewed_by_another_person()
    {
        await using var rest = await OpenAsync();
        using var key = await rest.EnrolAsync("ana");
        var policy = JsonNode.Parse(PolicyProfiles.Find("team")!)!.AsObject();
        policy["break_glass"] = new JsonObject { ["persons"] = new JsonArray("ana") };
        var accepted = await rest.PostAsync("/policy/accept", new JsonObject { ["policy"] = policy, ["shown_against"] = await rest.PolicyInForceAsync(), ["by"] = By() });
        Assert.True(accepted.Status == 200, accepted.Body);
        var id = await rest.ProposeAsync();
        JsonObject Break(JsonObject? proof, string person = "ana") => new() { ["person"] = person, ["proof"] = proof, ["reason"] = "fraud passes" };

        Problem(403, "glass_needs_signature", await rest.PostAsync($"/promotions/{id}/break-glass", Break(Passphrase())));
        Problem(403, "glass_needs_signature", await rest.PostAsync($"/promotions/{id}/break-glass", new JsonObject { ["reason"] = "I am in a hurry" }));
        // A signature that approves does not break the glass.
        var approval = Passkey(key.Sign(await rest.ChallengeAsync(id, "approve")));
        Assert.Equal(403, (await rest.PostAsync($"/promotions/{id}/break-glass", Break(approval))).Status);
        Problem(404, "glass_not_broken", await rest.GetAsync($"/reviews/{id}"));

        var broken = await rest.PostAsync($"/promotions/{id}/break-glass", Break(Passkey(key.Sign(await rest.ChallengeAsync(id, "break_glass")))));
        Assert.True(broken.Status == 200, broken.Body);
        Assert.Equal("applied", broken["status"]);
        Assert.Equal("v2", await rest.Registry.ServingAsync());
        // Nobody approved, and nobody is said to have.
        var serving = await rest.GetAsync("/models/churn/serving");
        Assert.Equal((0, "ana"), (serving.Json["approved_by"]!.AsArray().Count, serving["glass_broken_by"]));
        var period = (await rest.GetAsync("/models/churn/history")).Json["items"]![0]!;
        Assert.Equal((0, "ana", "signed"), (period["approved_by"]!.AsArray().Count, (string?)period["glass_broken_by"], (string?)period["assurance"]));
        Assert.Equal([id], (await rest.GetAsync("/reviews")).Json["items"]!.AsArray().Select(r => (string?)r!["promotion_id"]));

        JsonObject Review(string person, JsonObject? proof = null) => new() { ["person"] = person, ["proof"] = proof ?? Passphrase(), ["verdict"] = "objected", ["comment"] = "a rollback would have done" };
        Problem(403, "person_required", await rest.PostAsync($"/reviews/{id}", new JsonObject { ["verdict"] = "upheld" }));
        Assert.Equal(403, (await rest.PostAsync($"/reviews/{id}", Review("ana"))).Status);
        Assert.Equal("objected", (await rest.PostAsync($"/reviews/{id}", Review("ben")))["status"]);
        Problem(409, "glass_reviewed", await rest.PostAsync($"/reviews/{id}", Review("ben")));
        Assert.Empty((await rest.GetAsync("/reviews")).Json["items"]!.AsArray());
        Assert.Single((await rest.GetAsync("/reviews?owed=false")).Json["items"]!.AsArray());
        Assert.Contains("glass.break refused glass_needs_signature", await rest.Registry.VerbsAsync(id));
    }

    [Fact]
    [Attack(5, "rest")]
    public async Task Credentials_are_changed_by_their_persons_proof_and_by_no_token()
    {
        await using var rest = await OpenAsync();
        using var key = await rest.EnrolAsync("ben");
        var keys = await rest.GetAsync("/people/ben/passkeys");
        var id = (string)keys.Json["items"]![0]!["id"]!;
        JsonObject To(JsonObject? by) => new() { ["passphrase"] = Other, ["by"] = by };

        foreach (var (path, body) in new (string, JsonObject)[] { ("/me/passphrase", To(null)), ("/people/ben/invites", []), ($"/passkeys/{id}/revoke", []) })
        {
            Problem(403, "person_required", await rest.PostAsync(path, body));
            body["by"] = By("ana", "guessed");
            Problem(403, "proof_failed", await rest.PostAsync(path, body));
        }
        // An admin's word is enough for an invite, and for taking a key away; not for another's passphrase.
        var invite = await rest.PostAsync("/people/ben/invites", new JsonObject { ["by"] = By() });
        Assert.Equal((201, "ben"), (invite.Status, invite["person"]));
        Problem(403, "key_needs_witness", await rest.PostAsync("/people/ana/invites", new JsonObject { ["by"] = By() }));
        Problem(403, "role_missing", await rest.PostAsync("/people/ana/invites", new JsonObject { ["by"] = By("ben") }));
        Assert.NotNull((await rest.PostAsync($"/passkeys/{id}/revoke", new JsonObject { ["by"] = By() }))["revoked_at"]);
        Problem(404, "key_not_found", await rest.PostAsync("/passkeys/key_none/revoke", new JsonObject { ["by"] = By() }));

        Assert.Equal("ben", (await rest.PostAsync("/me/passphrase", To(By("ben"))))["name"]);
        var proposal = await rest.ProposeAsync();
        var token = rest.Token;
        rest.Token = null;
        Problem(403, "proof_failed", await rest.DecideAsync(proposal, Decision()));
        Assert.Equal("applied", (await rest.DecideAsync(proposal, Decision(proof: Passphrase(Other))))["status"]);
        rest.Token = token;
        Assert.DoesNotContain(Other, (await rest.GetAsync("/audit?limit=100")).Body);
    }

    [Fact]
    public async Task Webhooks_and_mailboxes_are_set_by_a_persons_proof()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var rest = await OpenAsync("team", false, "--allow-private-webhooks");
        JsonObject Hook(JsonObject? by) => new() { ["url"] = $"{receiver.Address}hook", ["events"] = new JsonArray("person.enrolled"), ["by"] = by };
        Problem(403, "person_required", await rest.PostAsync("/webhooks", Hook(null)));
        Problem(403, "role_missing", await rest.PostAsync("/webhooks", Hook(By("ben"))));
        var made = await rest.PostAsync("/webhooks", Hook(By()));
        Assert.Equal(201, made.Status);
        Assert.StartsWith("whsec_", made["secret"]);
        var listed = await rest.GetAsync("/webhooks");
        Assert.DoesNotContain(made["secret"]!, listed.Body);
        Assert.Equal(made["id"], (string?)listed.Json["items"]![0]!["id"]);

        Assert.Equal("status 204", (await rest.PostAsync($"/webhooks/{made["id"]}/test", new JsonObject { ["by"] = By() }))["answer"]);
        Assert.True(Assert.Single(receiver.All).Verifies(made["secret"]!));
        Assert.Equal("removed", (await rest.PostAsync($"/webhooks/{made["id"]}/remove", new JsonObject { ["by"] = By() }))["state"]);
        Problem(409, "webhook_ended", await rest.PostAsync($"/webhooks/{made["id"]}/test", new JsonObject { ["by"] = By() }));

        JsonObject Mail(JsonObject? by) => new() { ["email"] = "ben@example.org", ["events"] = new JsonArray("promotion.requested"), ["by"] = by };
        Problem(403, "person_required", await rest.PostAsync("/people/ben/mailbox", Mail(null)));
        Assert.Equal("ben@example.org", (await rest.PostAsync("/people/ben/mailbox", Mail(By("ben"))))["email"]);
        Problem(403, "role_missing", await rest.PostAsync("/people/ana/mailbox", Mail(By("ben"))));
        Problem(400, "event_unknown", await rest.PostAsync("/people/ben/mailbox", new JsonObject { ["email"] = "b@example.org", ["events"] = "version.registered", ["by"] = By() }));
        Assert.DoesNotContain("ben@example.org", (await rest.GetAsync("/people")).Body);
    }

    [Fact]
    [Attack(13, "rest")]
    public async Task What_an_agent_changed_after_the_person_looked_is_not_what_they_approved()
    {
        await using var rest = await OpenAsync();
        var id = await rest.ProposeAsync();
        var seen = (await rest.GetAsync($"/promotions/{id}/statement"))["statement_digest"]!;
        Assert.Equal(200, (await rest.SendAsync("PATCH", "/models/churn/versions/v2", """{"metrics": {"accuracy": 0.01}, "dataset": "s3://poisoned"}""")).Status);
        rest.Token = null;
        JsonObject Approve(string? statement) => new(Decision().Select(m => KeyValuePair.Create(m.Key, m.Value?.DeepClone()))) { ["statement_sha256"] = statement };
        Problem(400, "statement_unnamed", await rest.DecideAsync(id, Approve(null)));
        Problem(409, "statement_changed", await rest.DecideAsync(id, Approve(seen)));
        Assert.Equal("v1", await rest.Registry.ServingAsync());
        // A no may be to whatever stands.
        Assert.Equal("rejected", (await rest.DecideAsync(id, new JsonObject(Decision(decision: "reject").Select(m => KeyValuePair.Create(m.Key, m.Value?.DeepClone()))) { ["statement_sha256"] = null }))["status"]);
    }

    [Fact]
    public async Task Where_a_person_is_told_is_nobody_elses_to_know()
    {
        await using var rest = await OpenAsync(churn: false);
        Assert.Equal(200, (await rest.PostAsync("/people/ben/mailbox", new JsonObject { ["email"] = "ben@example.org", ["by"] = By() })).Status);
        Assert.Equal(201, (await rest.PostAsync("/people", new JsonObject { ["name"] = "dora", ["passphrase"] = "a passphrase of hers", ["email"] = "dora@example.org", ["by"] = By() })).Status);
        var log = await rest.GetAsync("/audit?limit=100");
        Assert.Contains("person.email", log.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("@example.org", log.Body, StringComparison.Ordinal);
    }
}
