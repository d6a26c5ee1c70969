using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// Looks inside the files of a version and never loads one. What it reads are headers; what it says is a report, whatever
/// the files hold. Bounded in time and memory.
/// </summary>
/// <param name="keys">The public keys that signatures over models are held against.</param>
internal sealed class Inspector(ArtifactVault vault, SigningKeys keys)
{
    /// <summary>Looks at every file, on a thread of its own, outside any lock.</summary>
    /// <exception cref="StorageUnavailableException">The vault cannot be read.</exception>
    public Task<InspectionReport> InspectAsync(IReadOnlyList<FileEntry> files, CancellationToken cancel = default) =>
        Task.Run(() =>
        {
            try
            {
                return Inspect(files, file => vault.OpenSeekableAsync(file.Sha256, file.Size, cancel).GetAwaiter().GetResult(), keys, cancel);
            }
            catch (Exception e) when (StorageUnavailableException.Covers(e))
            {
                throw StorageUnavailableException.While("Looking inside stored files", e);
            }
        }, cancel);

    /// <summary>Whether a report still says what looking again would: made by the rules of today and, where there is a signature, against the keys of today.</summary>
    public bool IsCurrent(InspectionReport? report) =>
        report is { Rules: >= InspectionReport.CurrentRules } && (report.SigningKeys.Length == 0 || report.SigningKeys == keys.Fingerprint);

    /// <param name="open">Gives a file's bytes; they may be read in any order.</param>
    public static InspectionReport Inspect(IReadOnlyList<FileEntry> files, Func<FileEntry, Outcome<Stream>> open, SigningKeys? keys = null, CancellationToken cancel = default)
    {
        var budget = new InspectionBudget(cancel);
        var readings = FileSet.Look([.. files.Select(f => (f.Path, f.Size))], i => open(files[i]).Then<(ByteWindow, IDisposable?)>(content => (new ByteWindow(content, files[i].Size, budget), content)), depth: 0);
        var signed = ModelSignatures.Check(readings, files, keys ?? SigningKeys.None);
        return InspectionSummary.Of(readings, signed ? (keys ?? SigningKeys.None).Fingerprint : "");
    }
}
