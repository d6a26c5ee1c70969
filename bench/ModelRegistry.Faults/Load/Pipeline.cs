using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace ModelRegistry.Faults.Load;

/// <summary>
/// One client at work on a model of its own, with a person who decides: it registers, tags, moves an alias, proposes, and what it
/// proposes is approved, rejected or taken back, over REST. What was not answered is sent again with the same key; what was is in the
/// ledger.
/// </summary>
public sealed class Pipeline : IDisposable
{
    // After which an approval that is not applied is revoked.
    private const int MostLooks = 30;

    private readonly Campaign _campaign;
    private readonly Ledger _ledger;
    private readonly Random _chance;
    private readonly Caller _machine, _person;
    private readonly string _model;
    private readonly List<string> _served = [];
    private readonly CancellationToken _over;
    private int _keys;

    /// <param name="over">When nothing new is begun; what was begun is brought to its end.</param>
    public Pipeline(string model, string token, Fleet fleet, Campaign campaign, Ledger ledger, CancellationToken over)
    {
        (_model, _campaign, _ledger, _over) = (model, campaign, ledger, over);
        _chance = campaign.Chance(model);
        _machine = new Caller(fleet, campaign, token, campaign.Chance(model + "/machine"));
        _person = new Caller(fleet, campaign, null, campaign.Chance(model + "/person"));
    }

    /// <summary>The most bytes of a file.</summary>
    public int MostBytes { get; init; } = 64 * 1024;

    private bool _clockTurns;

    /// <summary>The same, where the server's clock is set: what waits may expire at any time.</summary>
    public Pipeline WithTurningClock()
    {
        _clockTurns = true;
        return this;
    }

    public async Task RunAsync()
    {
        _ledger.Exact(_model);
        while (!_over.IsCancellationRequested)
        {
            var label = await RegisterAsync();
            if (label is null || _over.IsCancellationRequested)
                continue;
            await TagAsync();
            await AliasAsync(label);
            if (await AskAsync($"/models/{_model}/versions/{label}/promotions", "staging") is not { } staged || !await FollowAsync(staged, "applied"))
                continue;
            if (await AskAsync($"/models/{_model}/versions/{label}/promotions", "production") is { } asked)
                await SettleAsync(asked, label);
            if (!_over.IsCancellationRequested && _served.Count > 1 && _chance.Next(4) == 0)
                await RollBackAsync();
        }
    }

    public void Dispose()
    {
        _machine.Dispose();
        _person.Dispose();
    }

    private string Key(string of) => string.Create(CultureInfo.InvariantCulture, $"{_model}-{of}-{++_keys}");

    private byte[] Content()
    {
        var content = new byte[_chance.Next(1, MostBytes)];
        _chance.NextBytes(content);
        return content;
    }

    private async Task<string?> RegisterAsync()
    {
        // One of the files is the same in each version.
        var files = new Dictionary<string, byte[]> { ["model.bin"] = Content(), ["labels.txt"] = "cat\ndog\n"u8.ToArray() };
        MultipartFormDataContent Form()
        {
            var form = new MultipartFormDataContent();
            foreach (var (name, value) in (ReadOnlySpan<(string, string)>)[("format", "onnx"), ("accuracy", "0.9"), ("metadata", """{"dataset": "digits@1", "code_commit": "0123abc", "card": "# Card\n\n## Intended use\n\nReading digits.\n"}""")])
                form.Add(new StringContent(value), name);
            foreach (var (path, content) in files)
                form.Add(new ByteArrayContent(content), "file", path);
            return form;
        }
        var answer = await _machine.SendAsync(HttpMethod.Post, $"/models/{_model}/versions", Form, Key("version"));
        if (!Expect(201, "registering", answer))
            return null;
        _ledger.Version(new KeptVersion(_model, long.Parse(answer["number"]!, CultureInfo.InvariantCulture), answer["digest"]!, files.ToDictionary(f => f.Key, f => Convert.ToHexStringLower(SHA256.HashData(f.Value)))));
        _campaign.Count("versions acknowledged");
        return answer["version"];
    }

    private async Task TagAsync()
    {
        var value = _chance.Next().ToString(CultureInfo.InvariantCulture);
        if (Expect(200, "tagging", await _machine.SendAsync(HttpMethod.Patch, $"/models/{_model}", new JsonObject { ["tags"] = new JsonObject { ["build"] = value } })))
            _ledger.Tag(_model, "build", value);
        _campaign.Count("edits acknowledged");
    }

    private async Task AliasAsync(string label)
    {
        if (Expect(200, "moving an alias", await _machine.SendAsync(HttpMethod.Patch, $"/models/{_model}/versions/{label}", new JsonObject { ["alias"] = "candidate" })))
            _ledger.Alias(_model, "candidate", label);
        _campaign.Count("edits acknowledged");
    }

    /// <summary>Asks for a move; gives the promotion.</summary>
    private async Task<string?> AskAsync(string path, string stage)
    {
        var answer = await _machine.SendAsync(HttpMethod.Post, path, new JsonObject { ["stage"] = stage, ["reason"] = "better" }, Key("ask"));
        if (answer.Status is not (200 or 202) || answer["promotion_id"] is not { } id)
        {
            _campaign.Violate($"asking for {stage} of {_model} was answered {answer.Status}: {answer.Body}");
            return null;
        }
        _ledger.Promotion(id, answer["status"]!);
        _campaign.Count("promotions and rollbacks acknowledged");
        return id;
    }

    /// <summary>Lets a person decide, or the proposer take it back.</summary>
    private async Task SettleAsync(string id, string label)
    {
        switch (_chance.Next(8))
        {
            case 0:
                await DecideAsync(id, "reject", "rejected");
                break;
            case 1:
                await WithdrawAsync(id);
                break;
            default:
                if (await DecideAsync(id, "approve", "applied"))
                    _served.Add(label);
                break;
        }
    }

    private async Task RollBackAsync()
    {
        // What serves is the last; anything before it has served.
        var target = _served[_chance.Next(_served.Count - 1)];
        if (target == _served[^1])
            return;
        var answer = await _machine.SendAsync(HttpMethod.Post, $"/models/{_model}/rollback", new JsonObject { ["to_version"] = target, ["reason"] = "worse" }, Key("rollback"));
        if (answer.Status != 202 || answer["promotion_id"] is not { } id)
        {
            _campaign.Violate($"a rollback of {_model} to {target} was answered {answer.Status}: {answer.Body}");
            return;
        }
        _ledger.Promotion(id, "pending");
        _campaign.Count("promotions and rollbacks acknowledged");
        if (await DecideAsync(id, "approve", "applied"))
            _served.Add(target);
    }

    /// <summary>Sends a decision until it is known to count: where no answer came, the promotion says whether it did.</summary>
    private async Task<bool> DecideAsync(string id, string verdict, string leadsTo)
    {
        var person = TrialRegistry.Approvers[_chance.Next(TrialRegistry.Approvers.Count)];
        while (true)
        {
            var seen = await _machine.SendAsync(HttpMethod.Get, $"/promotions/{id}/statement");
            if (!Expect(200, "looking at a statement", seen))
                return false;
            if (IsExpired(seen.Json!["promotion"]!["status"]!.ToString()))
            {
                _ledger.Promotion(id, "expired");
                return false;
            }
            if (seen.Json!["promotion"]!["status"]!.ToString() != "pending")
                return await FollowAsync(id, leadsTo, new KeptDecision(id, person, verdict));
            var decision = new JsonObject { ["person"] = person, ["decision"] = verdict, ["comment"] = "as seen", ["statement_sha256"] = seen["statement_digest"], ["proof"] = new JsonObject { ["passphrase"] = TrialRegistry.Passphrase } };
            var answer = await _person.TryAsync(HttpMethod.Post, $"/promotions/{id}/decisions", new StringContent(decision.ToJsonString(), System.Text.Encoding.UTF8, "application/json"));
            if (answer is null or { Status: 503 })
            {
                await Task.Delay(_chance.Next(50, 250), CancellationToken.None);
                continue;
            }
            // The clock stepped between the proof and the decision.
            if (_clockTurns && answer.Code is "proof_stale" or "promotion_expired")
                continue;
            return Expect(200, $"'{verdict}' by {person} of {id}", answer) && await FollowAsync(id, leadsTo, new KeptDecision(id, person, verdict));
        }
    }

    private async Task WithdrawAsync(string id)
    {
        var answer = await _machine.SendAsync(HttpMethod.Post, $"/promotions/{id}/withdraw", new JsonObject { ["reason"] = "not needed" });
        // Sent once more, because the first answer was lost, it is not pending any longer.
        if (answer is { Status: 200 } or { Code: "promotion_not_pending" } || (_clockTurns && answer.Code == "promotion_expired"))
            await FollowAsync(id, "withdrawn");
        else
            Expect(200, $"withdrawing {id}", answer);
    }

    /// <summary>Looks until a promotion is where it must come to. What is approved comes there once a server looks after it.</summary>
    private async Task<bool> FollowAsync(string id, string state, KeptDecision? decision = null)
    {
        var revoked = false;
        for (var looks = 0; ; looks++)
        {
            var seen = await _machine.SendAsync(HttpMethod.Get, $"/promotions/{id}");
            if (!Expect(200, $"looking at {id}", seen))
                return false;
            _ledger.Promotion(id, seen["status"]!);
            if (looks == 0 && decision is not null && !(_clockTurns && seen["status"] == "expired"))
            {
                _ledger.Decision(decision);
                _campaign.Count("decisions acknowledged");
            }
            if (seen["status"] == state)
                return true;
            if (IsExpired(seen["status"]!))
                return false;
            if (revoked && seen["status"] == "revoked")
            {
                _campaign.Count("approvals that met an outage, and were revoked");
                return false;
            }
            // Whoever was to apply it was killed, or met an outage. A server does so later, unless the approval is taken back before.
            if (seen["status"] != "approved" || state != "applied")
            {
                _campaign.Violate($"{id} of {_model} must be {state} and is {seen["status"]}: {seen["note"]}");
                return false;
            }
            if (looks > 0 && looks % MostLooks == 0)
            {
                revoked = true;
                var proof = new JsonObject { ["person"] = "dora", ["proof"] = new JsonObject { ["passphrase"] = TrialRegistry.Passphrase }, ["reason"] = "took too long" };
                if (await _person.SendAsync(HttpMethod.Post, $"/promotions/{id}/revoke", proof) is { Status: not 200 and not 409 } answer)
                    Expect(200, $"revoking {id}", answer);
            }
            await Task.Delay(100, CancellationToken.None);
        }
    }

    private bool IsExpired(string state)
    {
        if (!_clockTurns || state != "expired")
            return false;
        _campaign.Count("expired when the clock stepped");
        return true;
    }

    private bool Expect(int status, string doing, Answer answer)
    {
        if (answer.Status == status)
            return true;
        _campaign.Violate($"{doing} ({_model}) was answered {answer.Status}: {answer.Body}");
        return false;
    }
}
