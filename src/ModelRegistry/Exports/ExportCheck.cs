using System.IO.Enumeration;
using System.Security.Cryptography;
using System.Text;
using ModelRegistry.Artifacts;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Exports;

namespace ModelRegistry.Exports;

/// <summary>
/// Verifies the export of a promotion where there is no registry: with the file, the public key that was kept, and perhaps the
/// files that are in use.
/// </summary>
public static class ExportCheck
{
    private const int MostKeyBytes = 4096;

    /// <summary>What was found; refused only where there is nothing to verify, or nothing to verify it with.</summary>
    /// <param name="key">The registry's public key (<see cref="VerifierKey.Text"/>), or the file that holds it.</param>
    /// <param name="origin">The origin of the pages at which passkeys must have signed; null: any.</param>
    /// <param name="folder">Files to hold against those of the export; null: none.</param>
    /// <param name="asked">What it must be the proof of; null: of any promotion, whatever came of it.</param>
    public static async Task<Outcome<ExportReportView>> VerifyAsync(string path, string key, string? origin = null, string? folder = null, ExportAsked? asked = null, CancellationToken cancel = default)
    {
        var pinned = await KeyAsync(key, cancel);
        if (pinned.Refusal is { } unpinned)
            return unpinned;
        var envelope = await ReadAsync(path, DsseEnvelope.MaxBytes, cancel);
        if (envelope.Refusal is { } unread)
            return unread;
        var report = ExportVerification.Verify(envelope.Value, pinned.Value, origin?.TrimEnd('/'));
        var points = report.Points.ToList();
        if (asked is not null)
            points.AddRange(Compare(report.Promotion, asked));
        if (folder is not null)
            points.Add(await CompareAsync(report.Files, folder, cancel));
        return View(report with { Points = points }, pinned.Value);
    }

    private static async Task<Outcome<VerifierKey>> KeyAsync(string key, CancellationToken cancel)
    {
        if (VerifierKey.Read(key) is { Refusal: null } given)
            return given;
        var file = await ReadAsync(key, MostKeyBytes, cancel);
        return file.Refusal is { Kind: RefusalKind.NotFound or RefusalKind.TooLarge } ? Refusals.VerifierKeyInvalid("it is neither a key nor a file that holds one.")
            : file.Refusal is { } no ? no
            : VerifierKey.Read(Encoding.UTF8.GetString(file.Value));
    }

    private static async Task<Outcome<byte[]>> ReadAsync(string path, int most, CancellationToken cancel)
    {
        try
        {
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var bytes = new MemoryStream();
            var buffer = new byte[128 * 1024];
            for (int count; (count = await file.ReadAsync(buffer, cancel)) > 0;)
            {
                bytes.Write(buffer, 0, count);
                if (bytes.Length > most)
                    return Refusals.ExportTooLarge(bytes.Length, most);
            }
            return bytes.ToArray();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or ArgumentException or NotSupportedException or PathTooLongException)
        {
            return Refusals.SourceMissing(path);
        }
        catch (UnauthorizedAccessException)
        {
            return Refusals.SourceUnreadable(path);
        }
        catch (IOException e)
        {
            throw StorageUnavailableException.While("Reading a file", e);
        }
    }

    /// <summary>Whether a folder holds the files of the export, each with its bytes, and no other.</summary>
    private static async Task<ExportPoint> CompareAsync(Manifest? files, string folder, CancellationToken cancel)
    {
        ExportPoint Failed(string why) => new("local_files", PointStatus.Failed, why);
        if (files is null)
            return Failed("The export has no list of files to hold them against.");
        if (!Directory.Exists(folder))
            return Failed($"There is no folder {folder}.");
        try
        {
            foreach (var file in files.Files)
            {
                var path = Path.Combine(folder, file.Path);
                if (FileKinds.At(path) == FileKind.Missing)
                    return Failed($"{file.Path} is missing.");
                // A pipe would be waited for, and a link can lead elsewhere tomorrow.
                if (RegularFile.TryOpen(path, out _) is not { } opened)
                    return Failed($"{file.Path} is no regular file.");
                await using var stream = new FileStream(opened, FileAccess.Read);
                if (stream.Length != file.Size || Digest.FromHash(await SHA256.HashDataAsync(stream, cancel)) != file.Sha256)
                    return Failed($"{file.Path} is not the file that was decided on.");
            }
            var known = files.Files.Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
            return Everything(folder).Select(f => Path.GetRelativePath(folder, f).Replace(Path.DirectorySeparatorChar, '/')).FirstOrDefault(f => !known.Contains(f)) is { } other
                ? Failed($"{other} is none of the files that were decided on.")
                : new ExportPoint("local_files", PointStatus.Ok, $"{files.Files.Count} files in {folder} are those of the statement.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Failed($"The files cannot be read: {e.Message}");
        }
    }

    /// <summary>All that is no folder. A link to one is not followed: it could lead round for ever.</summary>
    private static FileSystemEnumerable<string> Everything(string folder) =>
        new(folder, (ref FileSystemEntry entry) => entry.ToFullPath(), new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = false })
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory || entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
            ShouldRecursePredicate = (ref FileSystemEntry entry) => !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
        };

    /// <summary>Whether it came to what was asked of it, one point for each thing that was asked.</summary>
    private static IEnumerable<ExportPoint> Compare(ExportedPromotion? promotion, ExportAsked asked)
    {
        foreach (var (what, wanted, found) in new[] { ("outcome", asked.Outcome, promotion?.Status), ("stage", asked.Stage, promotion?.ToStage), ("model", asked.Model, promotion?.ModelName) })
            if (wanted is not null)
                yield return wanted == found
                    ? new ExportPoint($"asked_{what}", PointStatus.Ok, $"The {what} is {found}, as was asked.")
                    : new ExportPoint($"asked_{what}", PointStatus.Failed, $"The {what} is {(string.IsNullOrEmpty(found) ? "not known" : found)}; {wanted} was asked for.");
    }

    private static ExportReportView View(ExportReport report, VerifierKey key)
    {
        var p = report.Promotion;
        return new ExportReportView(report.Verified, p?.Id, p?.Status, p?.Outcome, p?.ModelName, p?.Version, p?.FromStage, p?.ToStage, p?.Replaced, p?.ManifestDigest.Hex, p?.Proposer, p?.Owner, p?.Origin, key.Text,
            [.. report.Points.Select(x => new ExportPointView(x.Point, x.Status.ToString().ToLowerInvariant(), x.Sentence))], report.NotProven);
    }
}
