namespace ModelRegistry.Catalog;

/// <param name="Search">Part of the name or description, any case.</param>
/// <param name="Stage">Models with a version in this stage.</param>
/// <param name="Tag"><c>key</c> or <c>key:value</c>, of the model or one of its versions.</param>
/// <param name="OnlyInactive">Those that are not listed otherwise, and no others.</param>
public sealed record ModelQuery(string? Search = null, string? Task = null, string? Stage = null, string? Tag = null, bool IncludeInactive = false, int Limit = 20, string? Cursor = null, bool OnlyInactive = false);

/// <param name="Status">One of <see cref="ModelRegistry.Domain.VersionStatus.Words"/>.</param>
/// <param name="IsDefault">The version given when none is named, or all others.</param>
public sealed record VersionQuery(string ModelName, string? Stage = null, int Limit = 20, string? Cursor = null, string? Status = null, bool? IsDefault = null);

/// <param name="At">Only what served at this moment.</param>
public sealed record HistoryQuery(string ModelName, DateTimeOffset? At = null, int Limit = 20, string? Cursor = null);
