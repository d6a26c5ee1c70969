using System.Text.Json.Nodes;
using ModelRegistry.Domain;
using ModelRegistry.Policies;
using ModelRegistry.Promotions;
using ModelRegistry.Storage;

namespace ModelRegistry.Notices;

/// <summary>
/// Reads the audit log on from a place and makes of each entry that is an event what there is to tell of it. The log is the
/// outbox: it is written in the transaction of the change it tells of, by whichever process, so that no event is missed.
/// </summary>
internal sealed class NoticeReader(RegistryDb db, PolicyInForce policies, PageAddress pages)
{
    /// <summary>The last entry's position; 0 for an empty log.</summary>
    public Task<long> LastAsync(CancellationToken cancel) => db.ReadAsync(session => session.LastPositionAsync(), cancel);

    /// <summary>The events among the next entries after a position, and the position of the last entry looked at: the same when there was none.</summary>
    /// <param name="mlflow">Whether somebody is told in MLflow's words.</param>
    /// <param name="mostCharacters">Of what was written freely: no more entries are looked at once there are so many.</param>
    public Task<(IReadOnlyList<Notice> Notices, long Last)> AfterAsync(long position, int most, bool mlflow, long mostCharacters, CancellationToken cancel) => db.ReadAsync<(IReadOnlyList<Notice>, long)>(async session =>
    {
        var reading = new Reading(session, policies, pages);
        var notices = new List<Notice>();
        var (last, characters) = (position, 0L);
        foreach (var line in await session.EntriesAfterAsync(position, most))
        {
            last = line.Position;
            var changes = mlflow && MlflowChange.IsTold(line.Verb);
            if (!line.Done || !(changes || NoticeKinds.IsTold(line.Verb)) || await reading.NoticeAsync(line, changes) is not { } notice)
                continue;
            notices.Add(notice);
            characters += notice.Length;
            if (characters >= mostCharacters)
                break;
        }
        return (notices, last);
    }, cancel);

    /// <summary>Whether there is still something to decide.</summary>
    public Task<bool> IsPendingAsync(string promotionId, CancellationToken cancel) => db.ReadAsync(async session =>
        await session.FindPromotionAsync(promotionId) is { Promotion.State: PromotionState.Pending }, cancel);

    /// <summary>One look at the database.</summary>
    private sealed class Reading(RegistrySession session, PolicyInForce policies, PageAddress pages)
    {
        private List<StoredActor>? _persons;

        public async ValueTask<Notice?> NoticeAsync(EntryLine line, bool mlflow)
        {
            var facts = JsonNode.Parse(await session.LeafAsync(line.Position))!["facts"] as JsonObject ?? [];
            var it = line.SubjectType == "promotion" ? await PromotionCase.OpenAsync(session, policies, line.SubjectId) : null;
            var changes = mlflow ? await MlflowChange.OfAsync(session, line, facts) : [];
            if (NoticeKinds.Of(line.Verb, facts, it?.Promotion.Statement.Kind == PromotionKind.Rollback) is not { } kind)
                return changes.Count == 0 ? null : new Notice(line.Position, line.Id, line.At, "", [], [], null, null, new HashSet<string>(), changes);
            // What needs nobody is applied in the same moment; nobody is asked.
            if (line.Verb == "promotion.request" && it is { Promotion.Requirement.Approvals.Count: 0 })
                return null;
            var data = new JsonObject { ["entry_id"] = line.Id, ["actor_id"] = line.ActorId, [IdName(line.SubjectType)] = line.SubjectId };
            var told = new List<(string, string)>();
            if (it is not null)
                await TellAsync(it, line, facts, data, told);
            else if (line.SubjectType == "version")
                await TellVersionAsync(line, data, told);
            else
                await TellOtherAsync(facts, line, data, told);
            var link = it is not null ? pages.Promotion(line.SubjectId) : null;
            data["url"] = link;
            return new Notice(line.Position, line.Id, line.At, kind, data, told, link, it is null ? null : line.SubjectId, await PersonsAsync(kind, line, facts, it), changes);
        }

        private async ValueTask TellAsync(PromotionCase it, EntryLine line, JsonObject facts, JsonObject data, List<(string, string)> told)
        {
            var statement = it.Promotion.Statement;
            // As it was after this entry; where the entry does not say, it began to wait.
            var status = (string?)facts["state"] ?? (line.Verb == "promotion.apply" ? "applied" : "pending");
            data["kind"] = statement.Kind.ToString().ToLowerInvariant();
            data["model_id"] = statement.ModelId;
            data["model"] = it.Model.Name;
            data["version_id"] = statement.VersionId;
            data["version"] = statement.VersionLabel;
            data["from_stage"] = statement.FromStage;
            data["stage"] = statement.ToStage;
            data["status"] = status;
            data["proposer_id"] = statement.Proposer.Id;
            data["expires_at"] = Times.Text(it.Promotion.DeadlineUnder(it.Effective));
            told.AddRange([("Model", it.Model.Name), ("Version", statement.VersionLabel), ("From", statement.FromStage), ("To", statement.ToStage), ("Status", status),
                ("Proposed by", statement.Proposer.Name), ("Id", line.SubjectId)]);
            if (statement.Deployment is { } wish)
            {
                data["target"] = wish.Target;
                told.Add(("Target", wish.Target));
            }
            if (status == "pending")
                told.Add(("Decide by", Times.Text(it.Promotion.DeadlineUnder(it.Effective))));
            if (line.Verb is "promotion.decide" or "promotion.withdraw" or "promotion.revoke" && await session.FindActorAsync(line.ActorId) is { } by)
                told.Add(("By", by.Name));
        }

        private async ValueTask TellVersionAsync(EntryLine line, JsonObject data, List<(string, string)> told)
        {
            if (await session.FindVersionAsync(line.SubjectId) is not { } version)
                return;
            var model = await session.GetModelAsync(version.ModelId);
            (data["model_id"], data["model"], data["version"], data["number"], data["stage"]) = (model.Id, model.Name, version.Label, version.Number, version.Stage);
            told.AddRange([("Model", model.Name), ("Version", version.Label)]);
        }

        private async ValueTask TellOtherAsync(JsonObject facts, EntryLine line, JsonObject data, List<(string, string)> told)
        {
            if (AboutPerson(line, facts) is { } personId && await session.FindActorAsync(personId) is { } person)
            {
                data["person_id"] = person.Id;
                told.Add(("Person", person.Name));
            }
            if ((string?)facts["actor_id"] is { } tokenOf && await session.FindActorAsync(tokenOf) is { } actor)
                told.AddRange([("Token of", actor.Name), ("Owner", actor.OwnerName ?? "")]);
            if (line.SubjectType == "policy" && (string?)facts["name"] is { } policy)
            {
                data["policy"] = policy;
                told.Add(("Policy", policy));
            }
            if ((string?)facts["origin"] is { } origin)
                told.Add(("Address", origin));
            if (await session.FindActorAsync(line.ActorId) is { } by)
                told.Add(("By", by.Name));
            told.Add(("Id", line.SubjectId));
        }

        private async ValueTask<IReadOnlySet<string>> PersonsAsync(string kind, EntryLine line, JsonObject facts, PromotionCase? it)
        {
            var audience = NoticeKinds.AudienceOf(kind);
            if (audience == Audience.Nobody)
                return new HashSet<string>();
            _persons ??= [.. (await session.PersonsAsync()).Where(p => p.DisabledAt is null)];
            return audience switch
            {
                Audience.Deciders => Ids(p => it?.Promotion.MayBeDecidedBy(p.ToApprover(), it.Effective) == true),
                // Not of what needed nobody's approval, nor of what they did themselves.
                Audience.Owner => Ids(p => it is not null && it.Promotion.Requirement.Approvals.Count > 0 && p.Id == it.Promotion.Statement.Owner.Id && p.Id != line.ActorId),
                Audience.Admins => Ids(p => p.Roles.Contains(Permissions.Admin) || p.Id == AboutPerson(line, facts)),
                _ => Ids(p => p.Roles.Contains(Permissions.Admin) || p.Roles.Contains(Permissions.Approver)),
            };
        }

        private HashSet<string> Ids(Func<StoredActor, bool> which) => [.. _persons!.Where(which).Select(p => p.Id)];

        private static string? AboutPerson(EntryLine line, JsonObject facts) => line.SubjectType == "person" ? line.SubjectId : (string?)facts["person_id"] ?? (string?)facts["owner_id"];

        private static string IdName(string subjectType) => subjectType switch { "passkey" => "key_id", "policy" => "policy_sha256", _ => subjectType + "_id" };
    }
}
