using System.Globalization;
using ModelRegistry.Domain;
using ModelRegistry.Faults.Load;

namespace ModelRegistry.Faults.Check;

/// <summary>
/// What must be true of a registry after whatever was done to it, while nobody serves it: the log verifies, everything that was
/// acknowledged is there, nothing is half-made, and every approval had exactly one effect. It looks past the registry's own code,
/// at rows and contents as they lie.
/// </summary>
public sealed class RegistryCheck
{
    private static readonly string[] MayGoOn = ["applied", "failed", "expired", "revoked", "superseded"];

    private readonly TrialPlace _place;
    private readonly Ledger _ledger;
    private readonly Campaign _campaign;
    private readonly TimeProvider _time;

    private RegistryCheck(TrialPlace place, Ledger ledger, Campaign campaign, TimeProvider time) => (_place, _ledger, _campaign, _time) = (place, ledger, campaign, time);

    /// <summary>Looks at all of it; what is wrong is a violation of the campaign.</summary>
    /// <param name="time">The clock of the registry's last writer; null: the system's.</param>
    /// <param name="collect">Whether contents that nobody refers to are then deleted, which must leave none.</param>
    public static async Task RunAsync(TrialPlace place, Ledger ledger, Campaign campaign, TimeProvider? time = null, bool collect = true)
    {
        ArgumentNullException.ThrowIfNull(campaign);
        var it = new RegistryCheck(place, ledger, campaign, time ?? TimeProvider.System);
        await it.VerifyLogAsync();
        HashSet<string> referred;
        await using (var rows = await Rows.OpenAsync(place))
        {
            await it.CheckDatabaseAsync(rows);
            await it.CheckVersionsAsync(rows);
            referred = await it.CheckContentsAsync(rows);
            await it.CheckEditsAsync(rows);
            await it.CheckSearchAsync(rows);
            await it.CheckPromotionsAsync(rows);
        }
        if (collect)
            await it.CollectAsync(referred);
        campaign.Count("checks of the whole registry");
    }

    private void Violate(string what) => _campaign.Violate($"check: {what}");

    /// <summary>What was approved when its server died is applied first, as the next server would.</summary>
    private async Task VerifyLogAsync()
    {
        await using var services = await _place.OpenAsync(_time);
        await services.Promotions.FinishApprovedAsync();
        var report = TrialRegistry.Ok(await services.Audit.VerifyAsync(await services.Actors.StdioAsync("ana", "check"), null));
        if (!report.Verified)
            Violate($"the audit log does not verify: {string.Join("; ", report.Findings)}");
        _campaign.Count("entries of the log verified", report.Entries);
    }

    private async Task CheckDatabaseAsync(Rows rows)
    {
        if (!rows.IsSqlite)
        {
            // Every index against its table; foreign keys are the server's own.
            await rows.AllAsync("create extension if not exists amcheck");
            await rows.AllAsync("select bt_index_check(c.oid, true) from pg_class c join pg_index i on i.indexrelid = c.oid join pg_am a on a.oid = c.relam where a.amname = 'btree' and c.relnamespace = 'public'::regnamespace and i.indisvalid");
            return;
        }
        if (await rows.AllAsync("pragma integrity_check") is not [["ok"]] and var broken)
            Violate($"the database file is damaged: {string.Join("; ", broken.Select(b => b[0]))}");
        foreach (var row in await rows.AllAsync("pragma foreign_key_check"))
            Violate($"a row of {row[0]} refers to a row of {row[2]} that is not there");
    }

    private async Task CheckVersionsAsync(Rows rows)
    {
        var versions = await rows.AllAsync("select m.name, v.number, v.manifest_digest, v.id from version v join model m on m.id = v.model_id");
        var files = (await rows.AllAsync("select version_id, path, size_bytes, sha256 from version_file")).ToLookup(f => f[0]);
        var byNumber = versions.ToDictionary(v => (v[0], Number(v[1])));
        foreach (var kept in _ledger.Versions)
            if (!byNumber.TryGetValue((kept.Model, kept.Number), out var version))
                Violate($"version {kept.Number} of {kept.Model} was acknowledged and is not there");
            else if (version[2] != kept.Digest)
                Violate($"version {kept.Number} of {kept.Model} was acknowledged with the manifest {kept.Digest} and has {version[2]}");
            else if (!files[version[3]].Select(f => (f[1], f[3])).ToHashSet().SetEquals(kept.Files.Select(f => (f.Key, f.Value))))
                Violate($"version {kept.Number} of {kept.Model} has other files than were acknowledged");
        foreach (var version in versions)
        {
            var manifest = Manifest.Of(files[version[3]].Select(f => new FileEntry(f[1], Number(f[2]), Digest.Parse(f[3]))));
            if (manifest.Refusal is not null || manifest.Value.Digest.Hex != version[2])
                Violate($"version {version[1]} of {version[0]} is not made of its files");
        }
        foreach (var model in versions.GroupBy(v => v[0]))
        {
            if (!model.Select(v => Number(v[1])).Order().SequenceEqual(Enumerable.Range(1, model.Count()).Select(n => (long)n)))
                Violate($"the version numbers of {model.Key} have a gap: {string.Join(", ", model.Select(v => Number(v[1])).Order())}");
            if (_ledger.ExactModels.Contains(model.Key) && _ledger.Versions.Count(v => v.Model == model.Key) is var known && known != model.Count())
                Violate($"{model.Key} has {model.Count()} versions and {known} registrations, each of which was answered: one was done twice");
        }
        foreach (var row in await rows.AllAsync("select name from model where highest_number <> version_count or version_count <> (select count(*) from version v where v.model_id = model.id)"))
            Violate($"the counts of {row[0]} are wrong");
        await CountAsync(rows, "versions that have another number of entries in the log than one", "select v.id from version v where (select count(*) from audit_entry a where a.subject_id = v.id and a.verb = 'version.register' and a.outcome = 'done') <> 1");
        await CountAsync(rows, "entries of a registration without their version", "select a.subject_id from audit_entry a where a.verb = 'version.register' and a.outcome = 'done' and not exists (select 1 from version v where v.id = a.subject_id)");
        _campaign.Count("versions checked", versions.Count);
    }

    private async Task<HashSet<string>> CheckContentsAsync(Rows rows)
    {
        var referred = (await rows.AllAsync("select distinct sha256 from version_file")).Select(r => r[0]).ToHashSet();
        var contents = await Contents.ReadAsync(_place);
        foreach (var (named, is_) in contents.Where(c => c.Key != c.Value))
            Violate($"the content {named} has the bytes of {is_}");
        foreach (var missing in referred.Where(r => !contents.ContainsKey(r)))
            Violate($"a version refers to the content {missing}, which is not there");
        _campaign.Count("contents checked", contents.Count);
        _campaign.Count("contents nobody refers to, left by what was not acknowledged", contents.Keys.Count(c => !referred.Contains(c)));
        return referred;
    }

    /// <summary>An upload whose version was never made leaves its content, and nothing else; a collection takes it away, and no other.</summary>
    private async Task CollectAsync(HashSet<string> referred)
    {
        // Later than anybody could still be about to register it.
        await using (var services = await _place.OpenAsync(new ShiftedClock(_time.GetUtcNow() - TimeProvider.System.GetUtcNow() + TimeSpan.FromDays(3))))
            TrialRegistry.Ok(await services.Collector.CollectAsync(Actor.Registry, TimeSpan.FromHours(1), dryRun: false));
        var left = (await Contents.ReadAsync(_place)).Keys.ToHashSet();
        foreach (var loose in left.Where(c => !referred.Contains(c)))
            Violate($"the content {loose} is referred to by nobody, and a collection left it");
        foreach (var gone in referred.Where(r => !left.Contains(r)))
            Violate($"the content {gone} is referred to, and a collection took it");
    }

    private async Task CheckEditsAsync(Rows rows)
    {
        var tags = (await rows.AllAsync("select m.name, t.key, t.value from model_tag t join model m on m.id = t.model_id")).ToDictionary(t => (t[0], t[1]), t => t[2]);
        foreach (var (model, key, value) in _ledger.Tags)
            if (tags.GetValueOrDefault((model, key)) is var found && found != value)
                Violate($"the tag {key} of {model} was acknowledged as {value} and is {found ?? "not there"}");
        var aliases = (await rows.AllAsync("select m.name, a.alias, v.label from alias a join model m on m.id = a.model_id join version v on v.id = a.version_id")).ToDictionary(a => (a[0], a[1]), a => a[2]);
        foreach (var (model, alias, label) in _ledger.Aliases)
            if (aliases.GetValueOrDefault((model, alias)) is var found && found != label)
                Violate($"the alias {alias} of {model} was acknowledged on {label} and is {(found is null ? "not there" : $"on {found}")}");
    }

    /// <summary>A model is found by each part of what it is called and said to be, and by nothing else.</summary>
    private async Task CheckSearchAsync(Rows rows)
    {
        var grams = (await rows.AllAsync("select model_id, gram from model_gram")).ToLookup(g => g[0], g => g[1]);
        var models = await rows.AllAsync("select id, name, name_key, description_key from model where deleted_at is null");
        foreach (var model in models)
            if (!grams[model[0]].ToHashSet().SetEquals(Parts(model[2]).Concat(Parts(model[3]))))
                Violate($"searches look for {model[1]} by other words than it has");
        foreach (var gone in grams.Select(g => g.Key).Except(models.Select(m => m[0])))
            Violate($"searches find {gone}, which is no model any more");
        static IEnumerable<string> Parts(string words)
        {
            var runes = words.EnumerateRunes().ToArray();
            return Enumerable.Range(0, Math.Max(0, runes.Length - 2)).Select(i => string.Concat(runes[i..(i + 3)]));
        }
    }

    private async Task CheckPromotionsAsync(Rows rows)
    {
        var states = (await rows.AllAsync("select id, state from promotion")).ToDictionary(p => p[0], p => p[1]);
        foreach (var (id, state) in _ledger.Promotions)
            if (!states.TryGetValue(id, out var found))
                Violate($"promotion {id} was acknowledged and is not there");
            else if (found != state && state is not "pending" && !(state is "approved" && MayGoOn.Contains(found)))
                Violate($"promotion {id} was acknowledged as {state} and is {found}");
        var decisions = (await rows.AllAsync("select promotion_id, person_name, verdict from decision")).ToLookup(d => d[0]);
        foreach (var kept in _ledger.Decisions)
            if (!decisions[kept.Promotion].Any(d => string.Equals(d[2], kept.Verdict, StringComparison.OrdinalIgnoreCase)))
                Violate($"the decision '{kept.Verdict}' of {kept.Person} on {kept.Promotion} was acknowledged and is not there");

        // One effect of each approval: one application in the log, one time of serving, and neither without the other.
        await CountAsync(rows, "promotions applied that do not have one time of serving", "select p.id from promotion p where p.state = 'applied' and (select count(*) from serving_period s where s.promotion_id = p.id) <> 1");
        await CountAsync(rows, "promotions applied that do not have one entry in the log", "select p.id from promotion p where p.state = 'applied' and (select count(*) from audit_entry a where a.subject_id = p.id and a.verb = 'promotion.apply' and a.outcome = 'done') <> 1");
        await CountAsync(rows, "promotions not applied that had an effect", "select p.id from promotion p where p.state <> 'applied' and (exists (select 1 from serving_period s where s.promotion_id = p.id) or exists (select 1 from audit_entry a where a.subject_id = p.id and a.verb = 'promotion.apply' and a.outcome = 'done'))");
        await CountAsync(rows, "promotions left approved though their registry was opened again", "select id from promotion where state = 'approved'");
        await CountAsync(rows, "promotions with another number of decisions than the log tells of", "select p.id from promotion p where (select count(*) from decision d where d.promotion_id = p.id) <> (select count(*) from audit_entry a where a.subject_id = p.id and a.verb = 'promotion.decide' and a.outcome = 'done')");
        await CountAsync(rows, "promotions that were not asked for once, by the log", "select p.id from promotion p where (select count(*) from audit_entry a where a.subject_id = p.id and a.verb = 'promotion.request' and a.outcome = 'done') <> 1");
        await CountAsync(rows, "governed promotions applied without one approval", "select p.id from promotion p where p.state = 'applied' and p.to_stage = 'production' and (select count(*) from decision d where d.promotion_id = p.id and lower(d.verdict) = 'approve') <> 1");
        await CountAsync(rows, "times of serving that overlap", "select p.id from serving_period p join serving_period q on q.model_id = p.model_id and q.stage = p.stage and q.id > p.id where p.until_at is null or p.until_at > q.from_at");
        await CountAsync(rows, "stages whose serving version is not that of the last time of serving", "select s.model_id from serving s where not exists (select 1 from serving_period p where p.model_id = s.model_id and p.stage = s.stage and p.version_id = s.version_id and p.until_at is null)");
        await CountAsync(rows, "open times of serving that nothing serves", "select p.id from serving_period p where p.until_at is null and not exists (select 1 from serving s where s.model_id = p.model_id and s.stage = p.stage and s.version_id = p.version_id)");
        _campaign.Count("promotions checked", states.Count);
    }

    private async Task CountAsync(Rows rows, string wrong, string sql)
    {
        foreach (var row in await rows.AllAsync(sql))
            Violate($"{wrong}: {row[0]}");
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
