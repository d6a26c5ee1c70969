namespace ModelRegistry.Telemetry;

/// <summary>How the registry is doing now. Counts of what waits stop at 10,000.</summary>
/// <param name="At">When it was looked at.</param>
/// <param name="Pending">Promotions that wait for people.</param>
/// <param name="Approved">Promotions that are approved and not applied yet.</param>
/// <param name="ReviewsOwed">Broken glass that nobody has reviewed yet.</param>
/// <param name="Marked">Contents that nobody refers to and that are about to be deleted.</param>
/// <param name="Serving">What serves, those first that changed last: at most 1,000.</param>
/// <param name="ServingLeftOut">How much more serves, counted up to 100,000.</param>
public sealed record VitalsView(DateTimeOffset At, WaitingView Pending, WaitingView Approved, long ReviewsOwed, long Marked, LogView Audit, RoomView Database,
    IReadOnlyList<NoticeQueueView> Notices, IReadOnlyList<ServingNowView> Serving, long ServingLeftOut);

/// <param name="Oldest">Since when the one waits that has waited longest; null where none does.</param>
public sealed record WaitingView(long Count, DateTimeOffset? Oldest);

/// <summary>The audit log: how many entries it has, which is the position of the last one too, when that came, and how many of them the last checkpoint signs.</summary>
public sealed record LogView(long Size, DateTimeOffset? Last, long Signed);

/// <summary>In bytes; the write-ahead log is null where the database server looks after its own.</summary>
public sealed record RoomView(long Database, long? WriteAheadLog);

/// <summary>One kind of those who are told: <c>webhook</c>, <c>mail</c>.</summary>
/// <param name="Endpoints">How many are told.</param>
/// <param name="Waiting">Messages that this process has still to deliver: none, where another process has the duty.</param>
public sealed record NoticeQueueView(string Kind, long Endpoints, WaitingView Waiting);

/// <summary>The version of a model that serves a stage.</summary>
public sealed record ServingNowView(string Model, string Stage, string Version, long Number, DateTimeOffset Since);
