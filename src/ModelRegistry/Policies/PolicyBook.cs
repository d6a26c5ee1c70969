using System.Globalization;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Policies;

/// <summary>
/// Shows, compares, proposes and accepts the policy. The one in force lives in the database, so no file or command line
/// beside the process weakens it; what it takes to change it is its own word.
/// </summary>
public sealed partial class PolicyBook
{
    private const int LeastDigest = 8;

    private readonly RegistryDb _db;
    private readonly PolicyInForce _policies;

    internal PolicyBook(RegistryDb db, PolicyInForce policies) => (_db, _policies) = (db, policies);

    /// <summary>The policy in force, with the change that waits.</summary>
    public async Task<Outcome<PolicyView>> ShowAsync(Actor by, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        return await _db.ReadAsync<Outcome<PolicyView>>(async session => View((await session.PolicyRowAsync())!) with { Pending = await PendingAsync(session) }, cancel);
    }

    /// <summary>One policy of the registry's history; an empty query is for the one in force.</summary>
    public async Task<Outcome<PolicyView>> FindAsync(Actor by, PolicyQuery query, CancellationToken cancel = default)
    {
        if (query is { Digest: null, At: null })
            return await ShowAsync(by, cancel);
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        if (query.Digest is { } digest && (digest.Length is < LeastDigest or > 64 || !digest.All(char.IsAsciiHexDigitLower)))
            return Refusals.InvalidArgument("digest", $"the digest of a policy, or its first {LeastDigest} digits or more, in lower case");
        return await _db.ReadAsync<Outcome<PolicyView>>(async session =>
            (query.Digest is not null ? await session.PolicyByDigestAsync(query.Digest) : await session.PolicyAtAsync(query.At!.Value)) is { } found
                ? View(found) : Refusals.PolicyNotInHistory(query.Digest ?? Times.Text(query.At!.Value)), cancel);
    }

    /// <summary>What was in force when, newest first.</summary>
    public async Task<Outcome<Page<PolicyView>>> HistoryAsync(Actor by, int limit = 20, string? cursor = null, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        if (Cursor.Limit(limit).Refusal is { } tooMany)
            return tooMany;
        long? before = null;
        if (cursor is not null)
        {
            if (Cursor.Read(cursor, 1) is not [var key] || !long.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var seq))
                return Refusals.CursorInvalid;
            before = seq;
        }
        return await _db.ReadAsync<Outcome<Page<PolicyView>>>(async session =>
        {
            var rows = await session.PoliciesAsync(before, limit + 1);
            return new Page<PolicyView>([.. rows.Take(limit).Select(View)], rows.Count > limit ? Cursor.Write(rows[limit - 1].Seq.ToString(CultureInfo.InvariantCulture)) : null);
        }, cancel);
    }

    /// <summary>What would be accepted, or each error with its line.</summary>
    public static Outcome<PromotionPolicy> Check(string json) => PolicyReader.Parse(json);

    /// <summary>What would change against the policy in force, and what would happen to what is there.</summary>
    public Task<Outcome<PolicyComparisonView>> CompareAsync(Actor by, string json, CancellationToken cancel = default) => HoldAsync(by, json, (_, _) => null, cancel);

    /// <summary>The same before it is accepted: refused what could not be, so that nobody proves themselves for nothing.</summary>
    /// <param name="offered">What a proof given there would be worth.</param>
    public Task<Outcome<PolicyComparisonView>> PreviewAsync(Actor by, string json, Assurance offered, CancellationToken cancel = default) => HoldAsync(by, json,
        (rule, problem) => problem ?? (offered < rule.Assurance ? Refusals.PolicyNeedsProof(rule.Assurance) : null), cancel);

    private async Task<Outcome<PolicyComparisonView>> HoldAsync(Actor by, string json, Func<PolicyChangeRule, Refusal?, Refusal?> refuse, CancellationToken cancel)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        var parsed = PolicyReader.Parse(json);
        if (parsed.Refusal is { } invalid)
            return invalid;
        var after = parsed.Value;
        return await _db.ReadAsync<Outcome<PolicyComparisonView>>(async session =>
        {
            var before = await _policies.GetAsync(session);
            var same = before.Digest == after.Digest;
            var problem = same ? null : await PolicyEffects.ProblemAsync(session, after);
            if (refuse(before.Change, same ? Refusals.PolicyUnchanged(after.Name) : problem) is { } refused)
                return refused;
            var lines = PolicyDifference.Between(before, after);
            return new PolicyComparisonView(before.Name, before.Digest.Hex, after.Name, after.Digest.Hex, after.StageNames, [.. after.StageNames.Where(after.Governs)],
                [.. lines.Select(l => new PolicyLineView(l.Subject, l.Words, Word(l.Bearing)))], lines.Any(l => l.Bearing == Bearing.Looser),
                same ? [] : await PolicyEffects.WordsAsync(session, before, after), problem is null ? null : $"{problem.Message} {problem.Remedy}",
                View(before.Change), PolicyChange.StatementOf(before.Digest, after.Digest).Hex, await PendingAsync(session));
        }, cancel);
    }

    /// <summary>The change that waits for its admins, with its text.</summary>
    public async Task<Outcome<PolicyChangeView>> PendingAsync(Actor by, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        return await _db.ReadAsync<Outcome<PolicyChangeView>>(async session => await PendingAsync(session) is { } pending ? pending : Refusals.PolicyChangeNotFound, cancel);
    }

    /// <summary>What waits now. Time and another policy end a change also before that is written.</summary>
    private async ValueTask<PolicyChangeView?> PendingAsync(RegistrySession session)
    {
        if (await session.PendingPolicyChangeAsync() is not { } stored)
            return null;
        var policy = await _policies.GetAsync(session);
        return stored.Change.Overtaken(policy.Digest, session.Now) is not null ? null : View(stored.Change, stored.Json, policy.Change, await PersonsAsync(session, stored.Change));
    }

    /// <summary>Everybody who agreed, as they are now.</summary>
    private static async ValueTask<IReadOnlyList<Approver>> PersonsAsync(RegistrySession session, PolicyChange change)
    {
        var persons = new List<Approver>();
        foreach (var consent in change.Consents)
            if (await session.FindActorAsync(consent.Person.Id) is { } person)
                persons.Add(person.ToApprover());
        return persons;
    }

    private static PolicyView View(StoredPolicy row)
    {
        var policy = PolicyReader.Parse(row.Json);
        return new PolicyView(row.Name, row.Digest, row.Json, row.AcceptedBy, row.At, row.Reason, row.Assurance, row.Until, policy.Refusal is null ? View(policy.Value.Change) : null);
    }

    private static PolicyRuleView View(PolicyChangeRule rule) => new(rule.Admins, Word(rule.Assurance));

    private static PolicyChangeView View(PolicyChange c, string json, PolicyChangeRule rule, IReadOnlyList<Approver> persons)
    {
        var missing = c.State == PolicyChangeState.Pending ? c.Missing(rule, persons) : 0;
        return new PolicyChangeView(c.Id, Word(c.State), c.Name, c.Digest.Hex, c.Replaces.Hex, c.Statement.Hex, c.Proposer.Name, c.Reason, c.ProposedAt, c.State == PolicyChangeState.Pending ? c.Expires : null,
            [.. c.Consents.Select(a => new PolicyConsentView(a.Person.Name, Word(a.Proof.Assurance), a.Proof.Channel, a.At))], missing, View(rule), c.EndedAt, c.Note, json, c.State switch
            {
                PolicyChangeState.Pending => $"Waits for {missing} more admin{(missing == 1 ? "" : "s")} to agree (policy accept pending).",
                PolicyChangeState.Accepted => $"The policy '{c.Name}' is in force.",
                _ => $"It is over: {c.Note}",
            });
    }

    private static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}
