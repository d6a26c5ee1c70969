namespace ModelRegistry;

/// <summary>
/// Where people find the pages of this registry: the base of links to a decision, and what passkeys belong to (WebAuthn's
/// relying party). The process that serves them says so in the data folder, where its neighbours look: a client's own process
/// and the command line show the same links as the server beside them.
/// </summary>
public sealed class PageAddress
{
    private const string LockName = "pages.lock", AddressName = "pages.url";
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(2);

    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private Task? _opening;
    private volatile Uri? _own;
    private volatile Func<Task>? _opener;
    private volatile Neighbour? _beside;

    private sealed record Neighbour(long Looked, Uri? Address);

    internal PageAddress(string folder, string? publicUrl, TimeProvider time) => (_folder, _own, _time) = (folder, publicUrl is null ? null : new Uri(publicUrl), time);

    /// <summary>The public address, such as <c>https://models.example.org</c>; null where there are no pages.</summary>
    public Uri? Base => _own ?? Beside();

    /// <summary>The page to decide on a promotion. It leads there and carries no authority.</summary>
    public string? Promotion(string id) => Base is { } b ? $"{b.AbsoluteUri.TrimEnd('/')}/ui/promotions/{id}" : null;

    /// <summary>Says that this process serves the pages from now on, until what is returned is disposed of.</summary>
    /// <returns>Null when another process says so already; the pages then are there.</returns>
    public IDisposable? Keep(Uri address)
    {
        var kept = Lock();
        if (kept is null)
            return null;
        // In one step: nobody reads half an address.
        var path = Path.Combine(_folder, AddressName);
        File.WriteAllText(path + ".new", address.AbsoluteUri);
        File.Move(path + ".new", path, overwrite: true);
        _own = address;
        return new Kept(this, kept);
    }

    /// <summary>The pages are served by this process, and its neighbours know of another's.</summary>
    public void Move(Uri address) => _own = address;

    /// <summary>How pages come to be where there are none, when they are first needed.</summary>
    /// <param name="open">Opens them and calls <see cref="Keep"/>. Where it could not, it is asked again next time.</param>
    public void OpenWith(Func<Task> open) => _opener = open;

    /// <summary>Has the pages opened if there are none and this process can.</summary>
    internal Task NeedAsync(CancellationToken cancel)
    {
        if (_opener is not { } open || Base is not null)
            return Task.CompletedTask;
        lock (_gate)
        {
            if (_opening is null or { IsCompleted: true })
                _opening = SharedWork.Begin(open);
            return _opening.WaitAsync(cancel);
        }
    }

    private Uri? Beside()
    {
        var seen = _beside;
        if (seen is null || _time.GetElapsedTime(seen.Looked) >= Pace)
            _beside = seen = new Neighbour(_time.GetTimestamp(), Look());
        return seen.Address;
    }

    // The lock tells whether the address is anybody's: it ends with its process, whatever ends that.
    private Uri? Look()
    {
        try
        {
            var path = Path.Combine(_folder, AddressName);
            if (!File.Exists(path))
                return null;
            using var free = Lock();
            return free is null && Uri.TryCreate(File.ReadAllText(path), UriKind.Absolute, out var address) && address.Scheme is "http" or "https" ? address : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private FileStream? Lock()
    {
        try
        {
            return new FileStream(Path.Combine(_folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private sealed class Kept(PageAddress pages, FileStream held) : IDisposable
    {
        public void Dispose()
        {
            pages._own = null;
            held.Dispose();
        }
    }
}
