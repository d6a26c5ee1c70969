using ModelRegistry.Domain.Audit;

namespace ModelRegistry.Audit;

/// <summary>
/// The latest signed checkpoint in a file outside the database, <c>checkpoints/latest</c> in the data folder: whoever cuts
/// the log's tail off in the database is found out by it.
/// </summary>
/// <remarks>
/// Written only after the commit it tells of, so it may lag but never runs ahead. It is replaced in one step (a temporary
/// file renamed), not synced: a power cut may take the last replacements, never what the database acknowledged. And at most
/// every <see cref="Interval"/>, because signing and replacing together cost as much as a commit.
/// </remarks>
internal sealed class CheckpointFile
{
    /// <summary>Under load the file lags by no more than this; once it is over, by nothing.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly string _path;
    private readonly string _temporary;
    private long _replacedAt = Environment.TickCount64 - (long)Interval.TotalMilliseconds;

    public CheckpointFile(string dataFolder)
    {
        var folder = Path.Combine(dataFolder, "checkpoints");
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageUnavailableException($"The folder '{folder}' cannot be made: {e.Message}", "Name a data folder that this user may write in.", e);
        }
        _path = Path.Combine(folder, "latest");
        _temporary = Path.Combine(folder, $".latest.{Environment.ProcessId}.{Guid.NewGuid():N}");
    }

    /// <summary>How long until it may be replaced again; zero when it may.</summary>
    public TimeSpan Due => TimeSpan.FromMilliseconds(Math.Max(0, _replacedAt + (long)Interval.TotalMilliseconds - Environment.TickCount64));

    /// <summary>
    /// Replaces the file. Called in the turn to write where there is one; replicas that share a folder but not a turn could
    /// overtake one another here, so an older checkpoint of the same log never replaces a newer one.
    /// </summary>
    public void Replace(string note)
    {
        _replacedAt = Environment.TickCount64;
        if (File.Exists(_path) && Checkpoint.TryParse(Text(File.ReadAllText(_path)), out var there)
            && Checkpoint.TryParse(Text(note), out var given) && there.Origin == given.Origin && there.Size > given.Size)
            return;
        File.WriteAllText(_temporary, note);
        File.Move(_temporary, _path, overwrite: true);
    }

    /// <summary>A note without its signatures.</summary>
    private static string Text(string note) => note.IndexOf("\n\n", StringComparison.Ordinal) is var end and >= 0 ? note[..(end + 1)] : note;
}
