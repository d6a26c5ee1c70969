using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using ModelRegistry.Identity;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Rest;

/// <summary>What came back.</summary>
internal sealed record RestAnswer(int Status, string Body, HttpResponseMessage Response)
{
    public JsonObject Json => JsonNode.Parse(Body)!.AsObject();

    /// <summary>The code of a problem; null where there is none.</summary>
    public string? Code => Body.StartsWith('{') ? (string?)Json["code"] : null;

    public string? this[string member] => (string?)Json[member];
}

/// <summary>A registry and a real server before it, asked over REST. ana is admin and approver, ben approver; tokens' agents are ana's.</summary>
internal sealed class ServedRest : IAsyncDisposable
{
    private readonly HttpClient _http;

    private ServedRest(SeededRegistry registry, ServeProcess server)
    {
        (Registry, Server) = (registry, server);
        Address = new UriBuilder(server.Address) { Host = "localhost" }.Uri;
        _http = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(90) };
    }

    public SeededRegistry Registry { get; }

    public ServeProcess Server { get; }

    public Uri Address { get; }

    /// <summary>What is sent along unless something else is said; null: none.</summary>
    public string? Token { get; set; }

    public static Task<ServedRest> OpenAsync(string policy = "team", bool churn = true, params string[] options) => OpenAsync(policy, churn, TimeProvider.System, options);

    /// <param name="time">The clock of whoever seeds the registry; the server's is the system's.</param>
    public static async Task<ServedRest> OpenAsync(string policy, bool churn, TimeProvider time, params string[] options)
    {
        var now = time == TimeProvider.System;
        var registry = churn && now ? await SeededRegistry.OpenChurnAsync(policy) : await SeededRegistry.OpenAsync(policy, now ? null : time);
        if (churn && !now)
            await registry.ChurnAsync();
        var it = new ServedRest(registry, await ServeProcess.StartAsync(registry.DataFolder, options));
        it.Token = await registry.TokenAsync("planner");
        return it;
    }

    /// <summary>With nothing in it, at an address of one's choice; null where that is taken.</summary>
    public static async Task<ServedRest?> TryOpenAtAsync(string urls, string policy)
    {
        var registry = await SeededRegistry.OpenAsync(policy);
        try
        {
            return new ServedRest(registry, await ServeProcess.StartAtAsync(urls, registry.DataFolder)) { Token = await registry.TokenAsync("planner") };
        }
        catch (EndOfStreamException)
        {
            await registry.DisposeAsync();
            return null;
        }
    }

    public Task<RestAnswer> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync("GET", path, null, headers: headers);

    public Task<RestAnswer> PostAsync(string path, JsonObject body, params (string Name, string Value)[] headers) => SendAsync("POST", path, body.ToJsonString(), headers: headers);

    public async Task<RestAnswer> SendAsync(string method, string path, string? body, string? type = "application/json", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(Address, path));
        if (Token is not null && headers.All(h => h.Name != "Authorization"))
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        if (body is not null)
        {
            // Half a character stays what it is: byte by byte.
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            if (type is not null)
                request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }
        var response = await _http.SendAsync(request);
        RouteWords.Holds(method, new Uri(Address, path).AbsolutePath, response);
        return new RestAnswer((int)response.StatusCode, await response.Content.ReadAsStringAsync(), response);
    }

    /// <summary>The digest of the policy in force, against which another is accepted.</summary>
    public async Task<string> PolicyInForceAsync() => (await GetAsync("/policy"))["digest"]!;

    /// <summary>Proposes v2 for production; gives the promotion's id.</summary>
    public async Task<string> ProposeAsync(string version = "v2", string stage = "production")
    {
        var asked = await PostAsync($"/models/churn/versions/{version}/promotions", new JsonObject { ["stage"] = stage, ["reason"] = "better" });
        Assert.Equal(202, asked.Status);
        return asked["promotion_id"]!;
    }

    public static JsonObject Passphrase(string passphrase = SeededRegistry.Passphrase) => new() { ["passphrase"] = passphrase };

    public static JsonObject Passkey(PasskeyAnswer answer) => new() { ["passkey"] = JsonNode.Parse(answer.Credential), ["state"] = answer.State };

    public static JsonObject By(string person = "ana", string passphrase = SeededRegistry.Passphrase) => new() { ["person"] = person, ["proof"] = Passphrase(passphrase) };

    public static JsonObject Decision(string person = "ben", string decision = "approve", JsonObject? proof = null) =>
        new() { ["person"] = person, ["decision"] = decision, ["comment"] = "as they see it", ["proof"] = proof ?? Passphrase() };

    /// <summary>Decides on the statement as it stands, unless another is named: null names none.</summary>
    public async Task<RestAnswer> DecideAsync(string id, JsonObject decision, params (string Name, string Value)[] headers)
    {
        if (!decision.ContainsKey("statement_sha256") && (await Registry.Services.Promotions.ReviewAsync(await Registry.AgentAsync(), id)) is { Refusal: null } seen)
            decision = new JsonObject(decision.Select(m => KeyValuePair.Create(m.Key, m.Value?.DeepClone()))) { ["statement_sha256"] = seen.Value.StatementDigest };
        return await PostAsync($"/promotions/{id}/decisions", decision, headers);
    }

    /// <summary>A passkey of a person's, enrolled as their page does it.</summary>
    /// <param name="step">What its counter grows by with each use; synced ones have 0 for ever.</param>
    public async Task<SoftwareAuthenticator> EnrolAsync(string person, uint step = 1)
    {
        Registry.Services.Pages.Move(Address);
        var proven = SeededRegistry.Ok(await Registry.Services.People.ProveAsync(person, SeededRegistry.Passphrase, "page"));
        var key = new SoftwareAuthenticator(Address.GetLeftPart(UriPartial.Authority)) { Step = step };
        SeededRegistry.Ok(await Registry.Services.Passkeys.EnrolAsync(proven, "key", key.Make(SeededRegistry.Ok(await Registry.Services.Passkeys.BeginAsync(proven.Actor))), null));
        return key;
    }

    public async Task<CeremonyView> ChallengeAsync(string path, JsonObject body)
    {
        var asked = await PostAsync(path, body);
        Assert.True(asked.Status == 200, asked.Body);
        return new CeremonyView(asked["state"]!, asked.Json["public_key"]!.AsObject(), asked["statement_sha256"], DateTimeOffset.Parse(asked["expires_at"]!, System.Globalization.CultureInfo.InvariantCulture));
    }

    public Task<CeremonyView> ChallengeAsync(string id, string decision) => ChallengeAsync($"/promotions/{id}/challenges", new JsonObject { ["decision"] = decision });

    /// <summary>It is a problem with this status and code, and says what to do.</summary>
    public static void Problem(int status, string code, RestAnswer answer)
    {
        Assert.True(answer.Code == code && answer.Status == status, $"{answer.Status} {answer.Body}");
        Assert.Equal("application/problem+json", answer.Response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(status, (int)answer.Json["status"]!);
        Assert.NotEqual("", answer["title"]);
        Assert.NotEqual("", answer["remedy"]);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Server.DisposeAsync();
        await Registry.DisposeAsync();
        Assert.DoesNotContain("error:", Server.Errors);
    }
}
