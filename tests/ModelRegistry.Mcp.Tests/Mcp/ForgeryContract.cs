using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>
/// A client that answers questions it was never asked, or bends the state it was given. Everything it tries is refused and
/// on record, and production does not move.
/// </summary>
public abstract class ForgeryContract
{
    private protected abstract Task<RawClient> StartAsync(SeededRegistry registry, Era era, bool forms = false, params string[] options);

    /// <summary>Makes the client somebody else from here on.</summary>
    private protected abstract Task BecomeAnotherAsync(SeededRegistry registry, RawClient client);

    /// <summary>Who the client is to the registry.</summary>
    private protected abstract Task<ModelRegistry.Domain.Actor> ActorAsync(SeededRegistry registry, RawClient client);

    private static readonly JsonObject Yes = new() { ["decision"] = ConfirmationContract.Accept("approve") };

    [Theory]
    [InlineData("local", true)]
    [InlineData("local", false)]
    [InlineData("team", true)]
    [InlineData("team", false)]
    [Attack(2, "mcp-stdio", "mcp-relay", "mcp-http")]
    public async Task An_answer_to_no_question_is_ignored_and_recorded(string policy, bool forms)
    {
        await using var registry = await SeededRegistry.OpenChurnAsync(policy);
        await using var client = await StartAsync(registry, Era.Stateless, forms);
        var id = await registry.ProposeAsync();
        var message = await client.SendCallAsync("confirm_promotion", ConfirmationContract.Arguments(id), Yes);
        Assert.NotEqual("applied", (string?)message["result"]?["structuredContent"]?["status"]);
        Assert.Contains("promotion.decide refused person_required", await registry.VerbsAsync(id));
        await StillPendingAsync(registry, id);
    }

    public static TheoryData<string, string> Bent { get; } = new()
    {
        { "empty", "" }, { "rubbish", "awaiting" }, { "no mac", "PAYLOAD" }, { "empty mac", "PAYLOAD." }, { "mac of nothing", "PAYLOAD.AAAA" },
        { "flipped payload", "FLIPPED.MAC" }, { "no payload", ".MAC" }, { "three parts", "PAYLOAD.MAC.MAC" },
    };

    [Theory]
    [MemberData(nameof(Bent))]
    [Attack(24, "mcp-stdio", "mcp-relay", "mcp-http")]
    public async Task A_bent_state_is_no_state(string how, string shape)
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        await using var client = await StartAsync(registry, Era.Stateless, forms: true);
        var id = await registry.ProposeAsync();
        var parts = (await AskedAsync(client, id)).Split('.');
        var flipped = (parts[0][0] == 'e' ? 'f' : 'e') + parts[0][1..];
        var state = shape.Replace("PAYLOAD", parts[0], StringComparison.Ordinal).Replace("FLIPPED", flipped, StringComparison.Ordinal).Replace("MAC", parts[1], StringComparison.Ordinal);
        await RefusedAsync(registry, client, id, ConfirmationContract.Arguments(id), state, how);
    }

    [Fact]
    [Attack(24, "mcp-stdio", "mcp-relay", "mcp-http")]
    public async Task A_state_is_good_once()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        await using var client = await StartAsync(registry, Era.Stateless, forms: true);
        var id = await registry.ProposeAsync();
        var state = await AskedAsync(client, id);
        await client.SendCallAsync("confirm_promotion", ConfirmationContract.Arguments(id), new JsonObject { ["decision"] = new JsonObject { ["action"] = "decline" } }, state);
        await RefusedAsync(registry, client, id, ConfirmationContract.Arguments(id), state, "declined before");
    }

    [Fact]
    public async Task A_state_that_approved_once_approves_no_second_time()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        await using var client = await StartAsync(registry, Era.Stateless, forms: true);
        var id = await registry.ProposeAsync();
        var state = await AskedAsync(client, id);
        Assert.Equal("applied", (string?)(await client.SendCallAsync("confirm_promotion", ConfirmationContract.Arguments(id), Yes, state))["result"]!["structuredContent"]!["status"]);
        var again = RawClient.Read(await client.SendCallAsync("confirm_promotion", ConfirmationContract.Arguments(id), Yes, state));
        Assert.StartsWith("error: request_state_invalid", again.Text);
        Assert.Single(await registry.VerbsAsync(id), v => v == "promotion.apply");
    }

    [Fact]
    [Attack(24, "mcp-stdio", "mcp-relay", "mcp-http")]
    public async Task A_state_stolen_by_another_client_is_no_state()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        await using var client = await StartAsync(registry, Era.Stateless, forms: true);
        var id = await registry.ProposeAsync();
        var state = await AskedAsync(client, id);
        await BecomeAnotherAsync(registry, client);
        await RefusedAsync(registry, client, id, ConfirmationContract.Arguments(id), state, "stolen");
    }

    [Fact]
    [Attack(24, "mcp-stdio", "mcp-relay", "mcp-http")]
    public async Task A_state_for_one_promotion_is_none_for_another()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        await registry.RegisterAsync("other");
        await using var client = await StartAsync(registry, Era.Stateless, forms: true);
        var id = await registry.ProposeAsync();
        var other = SeededRegistry.Ok(await registry.Services.Promotions.RequestAsync(await registry.AgentAsync(), new ModelRegistry.Promotions.PromotionRequest("other", "v1", "production"))).PromotionId!;
        await RefusedAsync(registry, client, other, ConfirmationContract.Arguments(other), await AskedAsync(client, id), "of another");
        Assert.Equal("pending", (await registry.PromotionAsync(id)).Status);
    }

    [Fact]
    public async Task A_state_for_one_call_is_none_for_other_arguments()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        await using var client = await StartAsync(registry, Era.Stateless, forms: true);
        var id = await registry.ProposeAsync();
        await RefusedAsync(registry, client, id, ConfirmationContract.Arguments(id, "reject"), await AskedAsync(client, id), "other arguments");
    }

    [Fact]
    public async Task A_state_is_good_for_five_minutes()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync();
        await using var client = await StartAsync(registry, Era.Stateless, forms: true);
        var id = await registry.ProposeAsync();
        var key = await KeyAsync(registry);
        var body = JsonNode.Parse(Base64Url.DecodeFromChars((await AskedAsync(client, id)).Split('.')[0]))!.AsObject();
        var expires = DateTimeOffset.UnixEpoch.AddMicroseconds((long)body["ExpiresMicros"]!);
        Assert.InRange(expires - DateTimeOffset.UtcNow, TimeSpan.Zero, TimeSpan.FromMinutes(5));
        // Signed with the registry's own key, so that time alone is what is wrong with it.
        body["ExpiresMicros"] = (long)body["ExpiresMicros"]! - 301_000_000;
        await RefusedAsync(registry, client, id, ConfirmationContract.Arguments(id), Signed(key, body), "expired");
        body["ExpiresMicros"] = (long)body["ExpiresMicros"]! + 301_000_000;
        Assert.Equal("applied", (string?)(await client.SendCallAsync("confirm_promotion", ConfirmationContract.Arguments(id), Yes, Signed(key, body)))["result"]!["structuredContent"]!["status"]);
    }

    [Fact]
    [Attack(1, "mcp-stdio", "mcp-relay", "mcp-http")]
    public async Task Under_team_even_a_well_signed_state_decides_nothing()
    {
        await using var registry = await SeededRegistry.OpenChurnAsync("team");
        await using var client = await StartAsync(registry, Era.Stateless, forms: true);
        var id = await registry.ProposeAsync();
        var promotion = await registry.PromotionAsync(id);
        var review = SeededRegistry.Ok(await registry.Services.Promotions.ReviewAsync(await registry.AgentAsync(), id));
        var actor = await ActorAsync(registry, client);
        var arguments = ConfirmationContract.Arguments(id);
        var digest = ModelRegistry.Domain.CanonicalJson.Digest(new JsonObject { ["tool"] = "confirm_promotion", ["arguments"] = arguments.DeepClone() }).Hex;
        var body = new JsonObject
        {
            ["Nonce"] = "00",
            ["ExpiresMicros"] = DateTimeOffset.UtcNow.AddMinutes(4).ToUnixTimeMilliseconds() * 1_000,
            ["Body"] = new JsonObject { ["PromotionId"] = id, ["Revision"] = promotion.Revision, ["StatementDigest"] = review.StatementDigest, ["ArgumentsDigest"] = digest, ["ActorId"] = actor.Id },
        };
        var answer = RawClient.Read(await client.SendCallAsync("confirm_promotion", arguments, Yes, Signed(await KeyAsync(registry), body)));
        Assert.True(answer.IsError, answer.Text);
        Assert.Matches("^error: (assurance_too_low|four_eyes)\n", answer.Text);
        await StillPendingAsync(registry, id);
    }

    [Theory]
    [InlineData(Era.Handshake)]
    [InlineData(Era.Stateless)]
    [Attack(1, "mcp-stdio", "mcp-relay", "mcp-http")]
    public async Task Under_team_no_tool_decides(Era era)
    {
        await using var registry = await SeededRegistry.OpenChurnAsync("team");
        await using var client = await StartAsync(registry, era, forms: true, "--toolsets", "registrar");
        client.Person = _ => ConfirmationContract.Accept("approve");
        var id = await registry.ProposeAsync();
        foreach (var decision in new[] { "approve", "reject", "approve" })
            await client.CallAsync("confirm_promotion", ConfirmationContract.Arguments(id, decision));
        await client.SendCallAsync("confirm_promotion", ConfirmationContract.Arguments(id), Yes);
        await client.CallAsync("promote_model", new JsonObject { ["model_name"] = "churn", ["version"] = "v2", ["stage"] = "production" });
        await client.CallAsync("promote_model", new JsonObject { ["model_name"] = "churn", ["version"] = "v1", ["stage"] = "archived" });
        await client.CallAsync("rollback_model", new JsonObject { ["model_name"] = "churn", ["to_version"] = "v2" });
        await client.CallAsync("set_metadata", new JsonObject { ["model_name"] = "churn", ["version"] = "v2", ["alias"] = "champion" });
        await client.CallAsync("set_metadata", new JsonObject { ["model_name"] = "churn", ["is_active"] = false });
        Assert.Empty(client.Questions);
        await StillPendingAsync(registry, id);
        var verified = SeededRegistry.Ok(await registry.Services.Audit.VerifyAsync(await registry.AgentAsync(), null));
        Assert.True(verified.Verified);
    }

    /// <summary>Gets a question put, and gives its state.</summary>
    private static async Task<string> AskedAsync(RawClient client, string id)
    {
        var asked = (await client.SendCallAsync("confirm_promotion", ConfirmationContract.Arguments(id)))["result"]!;
        Assert.Equal("input_required", (string?)asked["resultType"]);
        return (string)asked["requestState"]!;
    }

    private static async Task RefusedAsync(SeededRegistry registry, RawClient client, string id, JsonObject arguments, string state, string how)
    {
        var answer = RawClient.Read(await client.SendCallAsync("confirm_promotion", arguments, Yes, state));
        Assert.True(answer.IsError, how);
        Assert.StartsWith("error: request_state_invalid", answer.Text);
        Assert.Equal("promotion.decide refused request_state_invalid", (await registry.VerbsAsync(id))[^1]);
        await StillPendingAsync(registry, id);
    }

    private static async Task StillPendingAsync(SeededRegistry registry, string id)
    {
        Assert.Equal("pending", (await registry.PromotionAsync(id)).Status);
        Assert.Equal("v1", await registry.ServingAsync());
    }

    private static string Signed(byte[] key, JsonObject body)
    {
        var bytes = Encoding.UTF8.GetBytes(body.ToJsonString());
        return $"{Base64Url.EncodeToString(bytes)}.{Base64Url.EncodeToString(HMACSHA256.HashData(key, (byte[])[.. "elicitation-form\0"u8, .. bytes]))}";
    }

    private static async Task<byte[]> KeyAsync(SeededRegistry registry)
    {
        var path = Directory.EnumerateFiles(registry.DataFolder, "*.db", SearchOption.AllDirectories).Single();
        await using var connection = new SqliteConnection($"Data Source={path};Mode=ReadOnly");
        await connection.OpenAsync();
        var command = connection.CreateCommand();
        command.CommandText = "select value from secret where name = 'request-state'";
        return Convert.FromBase64String((string)(await command.ExecuteScalarAsync())!);
    }
}
