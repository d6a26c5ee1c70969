using System.Text.Json;
using ModelRegistry.Domain;

namespace ModelRegistry.Backups;

/// <summary>What a backup says of itself, in <c>backup.json</c>.</summary>
/// <param name="Format">1.</param>
/// <param name="DatabaseSha256">Of <c>registry.db</c>.</param>
/// <param name="AuditRoot">The root of the audit log over its first <paramref name="AuditSize"/> entries.</param>
/// <param name="Checkpoint">The last signed checkpoint of the log; null while none was signed.</param>
internal sealed record BackupManifest(int Format, string RegistryId, DateTimeOffset MadeAt, int SchemaVersion, string DatabaseSha256, long AuditSize, string AuditRoot, string? Checkpoint, long Contents, long Bytes)
{
    public const string Name = "backup.json", Database = "registry.db";

    private const int Largest = 64 * 1024;

    private static readonly JsonSerializerOptions Layout = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, Layout);

    /// <returns>Null when there is none, or <c>backup_invalid</c> when it cannot be read.</returns>
    public static Outcome<BackupManifest?> Read(string folder)
    {
        var file = new FileInfo(Path.Combine(folder, Name));
        if (!file.Exists)
            return (BackupManifest?)null;
        try
        {
            return file.Length <= Largest && JsonSerializer.Deserialize<BackupManifest>(File.ReadAllText(file.FullName), Layout) is { Format: 1, RegistryId: not null, DatabaseSha256: not null, AuditRoot: not null } read
                ? read : Refusals.BackupInvalid(folder, $"{Name} is not of a format that this program knows");
        }
        catch (JsonException)
        {
            return Refusals.BackupInvalid(folder, $"{Name} is no JSON");
        }
    }
}
