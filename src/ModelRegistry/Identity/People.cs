using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Identity;

/// <summary>A person who has just proven that it is them.</summary>
public sealed record ProvenPerson(Actor Actor, Proof Proof);

/// <summary>Persons: the first one, later ones, and the check of a passphrase.</summary>
public sealed partial class People : IDisposable
{
    private const int AttemptsPerMinute = 5;

    private readonly RegistryDb _db;
    private readonly SemaphoreSlim[] _turns = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1))];

    internal People(RegistryDb db) => _db = db;

    public void Dispose()
    {
        foreach (var turn in _turns)
            turn.Dispose();
    }

    /// <summary>The registry's first person, admin and approver. Only possible while there is none.</summary>
    public Task<Outcome<PersonView>> InitAsync(string name, string passphrase, CancellationToken cancel = default) =>
        _db.WriteAsync<PersonView>(Actor.Registry with { Door = "console" }, Named("person.init", name), async session =>
        {
            if ((await session.PersonsAsync()).FirstOrDefault() is { } first)
                return Refusals.AlreadyInitialised(first.Name);
            return await EnrolAsync(session, name, passphrase, [Permissions.Admin, Permissions.Approver], "person.init");
        }, cancel);

    /// <summary>A later person. A person enrolled after a promotion was proposed cannot decide it.</summary>
    /// <param name="email">Where they are told what happens; null: nowhere.</param>
    public Task<Outcome<PersonView>> AddAsync(Actor admin, string name, string passphrase, IReadOnlyList<string> roles, string? email = null, CancellationToken cancel = default) =>
        _db.WriteAsync<PersonView>(admin, Named("person.add", name, new JsonObject { ["roles"] = string.Join(",", roles) }), async session =>
        {
            if (await CheckAdminAsync(session, admin) is { } no)
                return no;
            if (email is not null && MailAddressText.Read(email).Refusal is { } unfit)
                return unfit;
            var enrolled = await EnrolAsync(session, name, passphrase, roles.Count == 0 ? [Permissions.Approver] : roles, "person.add");
            if (enrolled.Refusal is not null || email is null)
                return enrolled;
            var mailbox = await Notices.NoticeBook.SetAsync(session, (await session.FindActorAsync(enrolled.Value.Reply.Value.Id))!, email, [], admin.Id);
            return enrolled.Value with { Acts = [.. enrolled.Value.Acts, mailbox] };
        }, cancel);

    /// <summary>Takes a person's powers away at once. Their decisions stay on record; approvals not yet applied no longer count.</summary>
    public Task<Outcome<PersonView>> DisableAsync(Actor admin, string name, CancellationToken cancel = default) =>
        _db.WriteAsync<PersonView>(admin, Named("person.disable", name), async session =>
        {
            if (await CheckAdminAsync(session, admin) is { } no)
                return no;
            if (await session.FindActorByNameAsync(name) is not { Kind: ActorKind.Person } person)
                return Refusals.PersonNotFound(name);
            if (person.DisabledAt is not null)
                return new Written<PersonView>(View(person), [], []);
            var others = (await session.PersonsAsync()).Where(p => p.Id != person.Id && p.DisabledAt is null && p.Roles.Contains(Permissions.Admin));
            if (person.Roles.Contains(Permissions.Admin) && !others.Any())
                return Refusals.LastAdmin(person.Name);
            await session.DisableActorAsync(person.Id);
            return new Written<PersonView>(View(person) with { Disabled = true }, [new AuditAct("person.disable", "person", person.Id)], [new FeedChange("person", null, person.Id)]);
        }, cancel);

    public async Task<Outcome<IReadOnlyList<PersonView>>> ListAsync(Actor by, CancellationToken cancel = default)
    {
        if (Permissions.Check(by, Permission.Read) is { } no)
            return no;
        return await _db.ReadAsync<Outcome<IReadOnlyList<PersonView>>>(async session => (await session.PersonsAsync()).ConvertAll(View), cancel);
    }

    /// <summary>
    /// Whose passphrase to ask for: <paramref name="asked"/> when named; else the person named like the user of the
    /// operating system if they carry <paramref name="role"/>; else the only person who does.
    /// </summary>
    public async Task<Outcome<string>> WhoseAsync(string? asked, string osUser, string role, CancellationToken cancel = default) =>
        asked is not null ? asked : await _db.ReadAsync<Outcome<string>>(async session => Whose((await session.PersonsAsync()).ConvertAll(View), osUser, role), cancel);

    /// <summary>The same among persons that are known already, when none was named.</summary>
    public static Outcome<string> Whose(IReadOnlyList<PersonView> persons, string osUser, string role)
    {
        var able = persons.Where(p => !p.Disabled && p.Roles.Contains(role)).ToList();
        if (able.FirstOrDefault(p => string.Equals(p.Name, osUser, StringComparison.OrdinalIgnoreCase)) is { } same)
            return same.Name;
        return able switch
        {
            [var only] => only.Name,
            [] => Refusals.NotInitialised,
            _ => Refusals.WhichPerson([.. able.Select(p => p.Name)]),
        };
    }

    /// <summary>
    /// Checks a passphrase. Wrong ones are recorded and slow down guessing for that person on every door; the answer
    /// never says which half was wrong.
    /// </summary>
    /// <param name="channel">Where it was given: <c>terminal</c>, <c>page</c>, <c>rest</c>.</param>
    public async Task<Outcome<ProvenPerson>> ProveAsync(string name, string passphrase, string channel, CancellationToken cancel = default)
    {
        // One guess at a time for a name, so that many at once do not all pass the count before the first is recorded.
        var turn = _turns[(uint)string.GetHashCode(Names.Fold(name), StringComparison.Ordinal) % _turns.Length];
        await turn.WaitAsync(cancel);
        try
        {
            return await ProveInTurnAsync(Short(name), passphrase, channel, cancel);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Puts on record that something was asked for in a signed-in person's name without a proof, and says no: it may be an agent at their browser.</summary>
    public Task<Outcome<ProvenPerson>> RefuseUnprovenAsync(Actor person, CancellationToken cancel = default) =>
        _db.WriteAsync<ProvenPerson>(person, new AuditAct("person.prove", "person", person.Id), _ => new ValueTask<Outcome<Written<ProvenPerson>>>(Refusals.ProofRequired), cancel);

    private async Task<Outcome<ProvenPerson>> ProveInTurnAsync(string name, string passphrase, string channel, CancellationToken cancel)
    {
        // Whoever guesses over the network must not keep a person from deciding at their own terminal.
        var counted = channel == "terminal" ? $"terminal/{name}" : name;
        var (person, credential, failures, now) = await _db.ReadAsync(async session =>
        {
            // A clock that ran ahead once and was put right must not make every proof seem stale.
            var now = await session.RegistryTimeAsync();
            var found = await session.FindActorByNameAsync(name) is { Kind: ActorKind.Person, DisabledAt: null } p ? p : null;
            return (found, found is null ? null : await session.PassphraseOfAsync(found.Id), await session.FailedProofsSinceAsync(counted, now.AddMinutes(-1)), now);
        }, cancel);
        if (failures >= AttemptsPerMinute)
            return Refusals.TooManyAttempts;
        if (Passphrases.Verify(credential?.SecretHash, passphrase) && person is not null && credential is not null)
        {
            var actor = new Actor(person.Id, person.Name, ActorKind.Person, person.Roles, [], null, null, credential.Id, channel);
            return new ProvenPerson(actor, new Proof(ProofMethod.Passphrase, channel, credential.Id, credential.CreatedAt, now));
        }
        return await _db.WriteAsync<ProvenPerson>(Actor.Registry with { Door = channel }, new AuditAct("person.prove", "person", "unknown"), async session =>
        {
            await session.NoteFailedProofAsync(counted, Ids.New("try", session.Now));
            return new Written<ProvenPerson>(Refusals.ProofFailed, [new AuditAct("person.prove_failed", "person", person?.Id ?? "unknown", null, new JsonObject { ["channel"] = channel })], []);
        }, CancellationToken.None);
    }

    /// <summary>What an admin may is looked up at the moment of the act: a role taken away meanwhile counts.</summary>
    internal static async ValueTask<Refusal?> CheckAdminAsync(RegistrySession session, Actor admin)
    {
        if (Permissions.Check(admin, Permission.Administer) is { } no)
            return no;
        return await session.FindActorAsync(admin.Id) is { Kind: ActorKind.Person, DisabledAt: null } now
            ? Permissions.Check(admin with { Roles = now.Roles }, Permission.Administer)
            : Refusals.PersonRequired(Permission.Administer);
    }

    /// <summary>
    /// A proof is of a credential that is this person's, now, and of its kind; since when it is, the registry knows better
    /// than the proof.
    /// </summary>
    internal static async ValueTask<Outcome<Proof>> CheckProofAsync(RegistrySession session, StoredActor person, Proof proof)
    {
        if (proof.Method == ProofMethod.Elicitation)
            return proof;
        return await session.FindCredentialAsync(proof.CredentialId) is { RevokedAt: null } credential && credential.ActorId == person.Id && string.Equals(credential.Kind, proof.Method.ToString(), StringComparison.OrdinalIgnoreCase)
            ? proof with { CredentialSince = credential.CreatedAt } : Refusals.ProofFailed;
    }

    /// <summary>Why nobody can be enrolled so, as far as that can be told before there is a registry; null when somebody can.</summary>
    public static Refusal? Unfit(string name, string passphrase) => Names.Actor(name).Refusal ?? (Passphrases.Fits(name, passphrase) ? null : Refusals.PassphraseWeak(Passphrases.Least));

    private static async ValueTask<Outcome<Written<PersonView>>> EnrolAsync(RegistrySession session, string name, string passphrase, IReadOnlyList<string> roles, string verb)
    {
        if (Unfit(name, passphrase) is { } unfit)
            return unfit;
        foreach (var role in roles)
            if (Names.Role(role).Refusal is { } badRole)
                return badRole;
        if (await session.FindActorByNameAsync(name) is not null)
            return Refusals.ActorExists(name);
        var id = Ids.New("act", session.Now);
        await session.InsertActorAsync(id, ActorKind.Person, name, null, [.. roles.Distinct()], []);
        var credential = new StoredCredential(Ids.New("crd", session.Now), id, "passphrase", Passphrases.Hash(passphrase), [], [], session.Now, null, null);
        await session.InsertCredentialAsync(credential, id);
        var facts = new JsonObject { ["roles"] = new JsonArray([.. roles.Distinct().Select(r => (JsonNode)r)]), ["credential_id"] = credential.Id, ["credential"] = "passphrase" };
        return new Written<PersonView>(View((await session.FindActorAsync(id))!), [new AuditAct(verb, "person", id, null, facts, new Dictionary<string, string> { ["person"] = name })], [new FeedChange("person", null, id)]);
    }

    // A name is personal: it stands beside the entry, where it can be erased, also when the attempt is refused.
    private static AuditAct Named(string verb, string name, JsonObject? facts = null) => new(verb, "person", "unknown", null, facts, new Dictionary<string, string> { ["person"] = Short(name) });

    private static PersonView View(StoredActor p) => new(p.Id, p.Name, p.Roles, p.DisabledAt is not null, p.Since);

    private static string Short(string name) => name.Length <= 64 ? name : name[..64];
}
