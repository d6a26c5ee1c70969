using System.Data.Common;
using System.Text.Json.Nodes;
using ModelRegistry.Domain;

namespace ModelRegistry.Storage;

/// <summary>Versions, their files, tags and aliases.</summary>
public sealed partial class RegistrySession
{
    private const string VersionColumns = "v.id, v.model_id, v.number, v.label, v.stage, v.stage_since, v.manifest_digest, v.size_bytes, v.file_count, v.content_verified, v.metadata, v.deprecated, v.author_id, v.author_name, v.answerable_id, v.answerable_name, v.created_at, v.updated_at, v.row_version";

    /// <summary>Where the metadata is among these, and where what is asked for behind them begins.</summary>
    private const int MetadataColumn = 10, BehindVersion = 19;

    internal ValueTask<ModelVersion?> FindVersionAsync(string id) =>
        OneAsync($"select {VersionColumns} from version v where v.id = @id and v.deleted_at is null", ReadVersion, ("id", id));

    /// <summary>Resolves a reference within a model. <c>default</c> falls back: the alias <c>default</c>, what serves production, the latest.</summary>
    internal async ValueTask<Outcome<ModelVersion>> ResolveVersionAsync(RegisteredModel model, string? reference)
    {
        var parsed = VersionReference.Parse(reference);
        if (parsed.Refusal is { } malformed)
            return malformed;
        var found = parsed.Value switch
        {
            VersionReference.ByNumber r => await VersionWhereAsync("v.number = @value", model.Id, r.Number),
            VersionReference.ByLabel r when VersionLabels.Canonical(model.Versioning, r.Text) is { } label => await VersionWhereAsync("v.label = @value", model.Id, label),
            VersionReference.ByAlias r => await OneAsync($"select {VersionColumns} from alias a join version v on v.id = a.version_id where a.model_id = @model and a.alias_key = @value and v.deleted_at is null", ReadVersion, ("model", model.Id), ("value", Names.Fold(r.Alias))),
            VersionReference.Latest => await LatestVersionAsync(model.Id),
            VersionReference.Default => await DefaultVersionAsync(model.Id),
            _ => null,
        };
        if (found is not null)
            return found;
        if (model.HighestNumber == 0)
            return Refusals.NoVersions(model.Name);
        var latest = await LatestVersionAsync(model.Id);
        return Refusals.VersionNotFound(model.Name, reference, latest is null ? null : $"The latest is {latest.Label}.");
    }

    internal ValueTask<ModelVersion?> LatestVersionAsync(string modelId) =>
        OneAsync($"select {VersionColumns} from version v where v.model_id = @model and v.deleted_at is null order by v.number desc limit 1", ReadVersion, ("model", modelId));

    /// <summary>Every label the model ever used, deleted versions included.</summary>
    internal ValueTask<List<string>> LabelsAsync(string modelId) => ManyAsync("select label from version where model_id = @model", r => r.GetString(0), ("model", modelId));

    internal ValueTask<List<FileEntry>> FilesAsync(string versionId) => ManyAsync("select path, size_bytes, sha256 from version_file where version_id = @id order by path",
        r => new FileEntry(r.GetString(0), r.GetInt64(1), Digest.Parse(r.GetString(2))), ("id", versionId));

    internal ValueTask<FileEntry?> FileAsync(string versionId, string path) => OneAsync("select path, size_bytes, sha256 from version_file where version_id = @id and path = @path",
        r => new FileEntry(r.GetString(0), r.GetInt64(1), Digest.Parse(r.GetString(2))), ("id", versionId), ("path", path));

    internal async ValueTask InsertVersionAsync(ModelVersion v, Manifest manifest)
    {
        await ExecuteAsync("""
            insert into version (id, model_id, number, label, stage, stage_since, manifest_digest, size_bytes, file_count, content_verified, metadata, deprecated,
              author_id, author_name, answerable_id, answerable_name, created_at, updated_at, deleted_at, row_version, indexed, source, run_id)
            values (@id, @model, @number, @label, @stage, @since, @digest, @size, @files, @verified, @metadata, 0, @author, @author_name, @answerable, @answerable_name, @created, @created, null, 1, 1, @source, @run)
            """, ("id", v.Id), ("model", v.ModelId), ("number", v.Number), ("label", v.Label), ("stage", v.Stage), ("since", Times.Micros(v.StageSince)),
            ("digest", v.ManifestDigest.Hex), ("size", v.SizeBytes), ("files", (long)v.FileCount), ("verified", v.ContentVerified ? 1L : 0L), ("metadata", v.Metadata.ToJson().ToJsonString()),
            ("author", v.Author.Id), ("author_name", v.Author.Name), ("answerable", v.AnswerableAuthor.Id), ("answerable_name", v.AnswerableAuthor.Name), ("created", Times.Micros(v.CreatedAt)),
            ("source", v.Metadata.Source), ("run", v.Metadata.RunId));
        await InsertFilesAsync(v.Id, manifest.Files);
        await WriteVersionTagsAsync(v);
    }

    /// <summary>Many rows to a statement: a version of thousands of files must not hold up every other write.</summary>
    private async ValueTask InsertFilesAsync(string versionId, IReadOnlyList<FileEntry> files)
    {
        const int together = 50;
        for (var done = 0; done < files.Count;)
        {
            var rows = files.Count - done >= together ? together : 1;
            var values = string.Join(", ", Enumerable.Range(0, rows).Select(i => $"(@id, @path{i}, @size{i}, @sha{i})"));
            await ExecuteAsync($"insert into version_file (version_id, path, size_bytes, sha256) values {values}",
                [("id", versionId), .. files.Skip(done).Take(rows).SelectMany((f, i) => new (string, object?)[] { ($"path{i}", f.Path), ($"size{i}", f.Size), ($"sha{i}", f.Sha256.Hex) })]);
            done += rows;
        }
    }

    /// <summary>Writes stage, metadata and flags where nobody else did meanwhile. Content has no update.</summary>
    internal async ValueTask<bool> UpdateVersionAsync(ModelVersion v)
    {
        if (await ExecuteAsync("""
            update version set stage = @stage, stage_since = @since, metadata = @metadata, deprecated = @deprecated, updated_at = @updated, row_version = row_version + 1
            where id = @id and row_version = @row
            """, ("id", v.Id), ("row", v.RowVersion), ("stage", v.Stage), ("since", Times.Micros(v.StageSince)), ("metadata", v.Metadata.ToJson().ToJsonString()),
            ("deprecated", v.Deprecated ? 1L : 0L), ("updated", Times.Micros(v.UpdatedAt))) != 1)
            return false;
        await ExecuteAsync("update version_tag set changed = @updated where version_id = @id", ("id", v.Id), ("updated", Times.Micros(v.UpdatedAt)));
        return true;
    }

    /// <summary>Leaves a tombstone where nobody else changed the version meanwhile; what pointed at it does no longer.</summary>
    internal async ValueTask<bool> DeleteVersionAsync(ModelVersion v)
    {
        if (await ExecuteAsync("update version set deleted_at = @now, updated_at = @now, row_version = row_version + 1 where id = @id and row_version = @row and deleted_at is null",
            ("now", Times.Micros(Now)), ("id", v.Id), ("row", v.RowVersion)) == 0)
            return false;
        await ExecuteAsync("delete from alias where version_id = @id", ("id", v.Id));
        await ExecuteAsync("delete from version_tag where version_id = @id", ("id", v.Id));
        await ExecuteAsync("""
            update model set version_count = version_count - 1, updated_at = @now, row_version = row_version + 1,
              latest_label = (select l.label from version l where l.model_id = @model and l.deleted_at is null order by l.number desc limit 1)
            where id = @model
            """, ("model", v.ModelId), ("now", Times.Micros(Now)));
        return true;
    }

    internal async ValueTask WriteVersionTagsAsync(ModelVersion v)
    {
        await ExecuteAsync("delete from version_tag where version_id = @id", ("id", v.Id));
        foreach (var (key, value) in v.Metadata.Tags)
            await ExecuteAsync("insert into version_tag (version_id, model_id, key, value, changed) values (@id, @model, @key, @value, @changed)", ("id", v.Id), ("model", v.ModelId), ("key", key), ("value", value), ("changed", Times.Micros(v.UpdatedAt)));
    }

    /// <summary>Aliases of a model with the label and id they point at.</summary>
    internal ValueTask<List<(string Alias, string VersionId, string Label)>> AliasesAsync(string modelId) => ManyAsync(
        "select a.alias, v.id, v.label from alias a join version v on v.id = a.version_id where a.model_id = @model and v.deleted_at is null order by a.alias", r => (r.GetString(0), r.GetString(1), r.GetString(2)), ("model", modelId));

    internal ValueTask<int> SetAliasAsync(string modelId, string alias, string versionId) => ExecuteAsync(
        "insert into alias (model_id, alias_key, alias, version_id) values (@model, @key, @alias, @version) on conflict (model_id, alias_key) do update set alias = excluded.alias, version_id = excluded.version_id",
        ("model", modelId), ("key", Names.Fold(alias)), ("alias", alias), ("version", versionId));

    internal ValueTask<int> RemoveAliasAsync(string modelId, string alias) => ExecuteAsync("delete from alias where model_id = @model and alias_key = @key", ("model", modelId), ("key", Names.Fold(alias)));

    private ValueTask<ModelVersion?> VersionWhereAsync(string condition, string modelId, object value) =>
        OneAsync($"select {VersionColumns} from version v where v.model_id = @model and {condition} and v.deleted_at is null", ReadVersion, ("model", modelId), ("value", value));

    private async ValueTask<ModelVersion?> DefaultVersionAsync(string modelId) =>
        await OneAsync($"select {VersionColumns} from alias a join version v on v.id = a.version_id where a.model_id = @model and a.alias_key = 'default' and v.deleted_at is null", ReadVersion, ("model", modelId))
        ?? await OneAsync($"select {VersionColumns} from serving s join version v on v.id = s.version_id where s.model_id = @model and s.stage = 'production'", ReadVersion, ("model", modelId))
        ?? await LatestVersionAsync(modelId);

    internal static ModelVersion ReadVersion(DbDataReader r) => new()
    {
        Id = r.GetString(0),
        ModelId = r.GetString(1),
        Number = r.GetInt64(2),
        Label = r.GetString(3),
        Stage = r.GetString(4),
        StageSince = Times.FromMicros(r.GetInt64(5)),
        ManifestDigest = Digest.Parse(r.GetString(6)),
        SizeBytes = r.GetInt64(7),
        FileCount = (int)r.GetInt64(8),
        ContentVerified = r.GetInt64(9) != 0,
        Metadata = VersionMetadata.FromJson(JsonNode.Parse(r.GetString(10))!.AsObject()),
        Deprecated = r.GetInt64(11) != 0,
        Author = new ActorRef(r.GetString(12), r.GetString(13)),
        AnswerableAuthor = new ActorRef(r.GetString(14), r.GetString(15)),
        CreatedAt = Times.FromMicros(r.GetInt64(16)),
        UpdatedAt = Times.FromMicros(r.GetInt64(17)),
        RowVersion = r.GetInt64(18),
    };
}
