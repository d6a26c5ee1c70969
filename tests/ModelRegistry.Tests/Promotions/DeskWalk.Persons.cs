using ModelRegistry.Domain;
using ModelRegistry.Promotions;
using ModelRegistry.Storage;
using Xunit;

namespace ModelRegistry.Tests.Promotions;

/// <summary>What persons do on the way, and what must hold whatever was done.</summary>
internal sealed partial class DeskWalk
{
    private readonly List<(string Promotion, string Person, DecisionVerdict Verdict)> _decided = [];
    private readonly Dictionary<string, (string State, long Revision)> _last = [];
    private readonly Dictionary<string, DateTimeOffset> _disabled = [];

    /// <summary>A person decides, mostly as it should be done; now and then with a proof, a statement or a standing that is not good.</summary>
    public async Task PersonActsAsync(ProofMethod method)
    {
        var name = One(_persons.Keys.ToArray());
        var live = TestRegistry.Ok(await Door.Promotions.ListAsync(_agents[0], new PromotionQuery("live"))).Items;
        var (id, person) = (live.Count > 0 && !Chance(10) ? One(live).PromotionId! : Id(), _persons[name]);
        var seen = await Door.Promotions.ReviewAsync(person.Actor, id);
        if (Chance(100) && _persons.Count < 4)
            await ChangePeopleAsync();
        var proof = (method == ProofMethod.Passkey && _keys.TryGetValue(name, out var key) ? key : person.Proof) with { ProvenAt = it.Clock.GetUtcNow() };
        var (revision, digest) = seen.Refusal is null ? (seen.Value.Promotion.Revision, seen.Value.StatementDigest) : (1, "");
        var wrong = _random.Next(40);
        var request = new DecisionRequest(id, wrong == 0 ? revision + 1 : wrong == 1 ? revision - 1 : revision, wrong == 2 ? new string('0', 64) : digest,
            wrong is 3 or 4 ? DecisionVerdict.Reject : DecisionVerdict.Approve, "", wrong switch
            {
                5 => proof with { ProvenAt = it.Clock.GetUtcNow().AddMinutes(-6) },
                6 => proof with { ProvenAt = it.Clock.GetUtcNow().AddMinutes(1) },
                7 => proof with { Method = ProofMethod.Elicitation },
                8 => proof with { Method = ProofMethod.Passphrase },
                9 => proof with { CredentialId = _persons[One(_persons.Keys.ToArray())].Proof.CredentialId },
                _ => proof,
            });
        // What a passkey would have signed; now and then it signed the other word.
        if (request.Proof.Method == ProofMethod.Passkey && Digest.TryParse(request.StatementDigest, out var statement))
            request = request with { Proof = request.Proof with { Signed = new SignedDecision(wrong == 11 ? "reject" : Promotion.Word(request.Verdict), statement) } };
        var decided = wrong == 10 ? await Door.Promotions.RevokeAsync(person.Actor, id, "no") : await Door.Promotions.DecideAsync(person.Actor, request);
        if (wrong != 10)
            _decided.Add((id, person.Actor.Id, request.Verdict));
        _trace.Add($"{_trace.Count}: {name} decides {id} ({wrong}) → {decided.Refusal?.Code ?? decided.Value.Status}");
    }

    private async Task ChangePeopleAsync()
    {
        var admin = (await it.PersonAsync("ana")).Actor;
        if (_disabled.Count == 0)
        {
            TestRegistry.Ok(await Door.People.DisableAsync(admin, "cora"));
            // By the registry's time, which is not the clock's once that has stepped back.
            var at = Assert.Single(await it.RowsAsync("select disabled_at from actor where name = 'cora'"));
            _disabled[_persons["cora"].Actor.Id] = Times.FromMicros(long.Parse(at, System.Globalization.CultureInfo.InvariantCulture));
        }
        else
        {
            TestRegistry.Ok(await Door.People.AddAsync(admin, "dave", "a long passphrase", [Permissions.Approver]));
            _persons["dave"] = TestRegistry.Ok(await Door.People.ProveAsync("dave", "a long passphrase", "page"));
        }
    }

    /// <summary>What production serves, by whatever name and alias it is asked for.</summary>
    public async Task ServesStillAsync(string version)
    {
        Assert.Equal(version, await it.ServingAsync("digits"));
        var info = TestRegistry.Ok(await Door.Catalog.GetAsync(_agents[0], "digits", "@champion"));
        Assert.Equal((version, "production", true), (info.Version!.Version, info.Version.Stage, info.IsActive));
    }

    /// <summary>Terminal states are not left, approved is not taken back to pending, revisions do not fall, and one is live per model and stage.</summary>
    public async Task StatesHoldAsync()
    {
        var live = new HashSet<string>();
        foreach (var row in await it.RowsAsync("select id, state, revision, model_id, to_stage from promotion"))
        {
            var (id, state, revision) = (row.Split('|')[0], row.Split('|')[1], long.Parse(row.Split('|')[2], System.Globalization.CultureInfo.InvariantCulture));
            if (_last.TryGetValue(id, out var before))
            {
                Assert.True(before.State is "pending" or "approved" || before == (state, revision), $"{id} was {before.State} and is {state}");
                Assert.True(before.State != "approved" || state != "pending", $"{id} is pending again");
                Assert.True(revision >= before.Revision, $"{id} went back to revision {revision}");
            }
            _last[id] = (state, revision);
            Assert.True(state is not ("pending" or "approved") || live.Add(row.Split('|')[3] + row.Split('|')[4]), $"two are live: {row}");
        }
    }

    /// <summary>Everything that entered or left production did so by a quorum of distinct persons who might, on its last revision; the log verifies.</summary>
    /// <returns>How many governed promotions were applied.</returns>
    public async Task<int> EveryMoveWasEarnedAsync()
    {
        await it.VerifyAuditAsync();
        await using var db = await RegistryDb.OpenAsync(new StorageOptions(it.DataFolder), it.Clock);
        var all = await db.ReadAsync(s => s.PromotionsAsync([], null, null, null, 100_000), default);
        var applied = all.Select(p => p.Promotion).Where(p => p.State == PromotionState.Applied && (p.Statement.ToStage == Stages.Production || p.Statement.FromStage == Stages.Production)).ToList();
        // The two at the beginning were put there before the walk.
        foreach (var promotion in applied.OrderBy(p => p.Id, StringComparer.Ordinal).Skip(2))
            Earned(promotion);
        foreach (var promotion in all.Select(p => p.Promotion).Where(p => _promotions.Contains(p.Id)))
            foreach (var decision in promotion.Decisions)
                Assert.Contains((promotion.Id, decision.Person.Id, decision.Verdict), _decided);

        var periods = await it.RowsAsync("select model_id, count(*) from serving_period where stage = 'production' and until_at is null group by model_id having count(*) > 1");
        Assert.Empty(periods);
        var unearned = await it.RowsAsync("select p.id from serving_period p left join promotion m on m.id = p.promotion_id where p.stage = 'production' and (m.id is null or m.state <> 'applied')");
        Assert.Empty(unearned);
        Assert.Empty(await it.RowsAsync("select s.version_id from serving s join version v on v.id = s.version_id where s.stage = 'production' and v.stage <> 'production'"));
        return applied.Count - 2;
    }

    /// <summary>The rule of a quorum, in other words than the desk's.</summary>
    private void Earned(Promotion promotion)
    {
        var required = promotion.Requirement;
        Assert.NotEmpty(required.Approvals);
        var good = promotion.Decisions.Where(d => d.Verdict == DecisionVerdict.Approve && d.Revision == promotion.Revision && d.StatementDigest == promotion.Statement.Digest
            && d.Proof.Assurance >= required.Assurance && d.At - d.Proof.ProvenAt <= TimeSpan.FromMinutes(5) && d.Proof.ProvenAt <= d.At
            && d.Proof.CredentialSince <= promotion.RequestedAt && d.At < promotion.Statement.Expires
            && !(required.FourEyes && (d.Person.Id == promotion.Statement.Owner.Id || d.Person.Id == promotion.AnswerableAuthor.Id))
            && _persons.Values.Any(p => p.Actor.Id == d.Person.Id)
            && !(_disabled.TryGetValue(d.Person.Id, out var at) && at <= promotion.EndedAt));
        Assert.True(good.Select(d => d.Person.Id).Distinct().Count() >= required.Approvals.Sum(a => a.Count), $"{promotion.Id} was applied without its quorum: {promotion.Statement.ToJson()} asked {required.ToJson()} decided {string.Join(", ", promotion.Decisions)} disabled {string.Join(", ", _disabled)}");
        Assert.True(promotion.ApprovedAt!.Value.AddHours(required.ApplyHours) > promotion.EndedAt, $"{promotion.Id} was applied too late.");
    }
}
