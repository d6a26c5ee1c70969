namespace ModelRegistry.Artifacts.S3;

/// <summary>How contents are cut into requests, in bytes.</summary>
/// <param name="Part">The first parts of an upload. At least 5 MiB: the store takes no smaller one but the last.</param>
/// <param name="PartsOfThat">After so many come large ones, since an upload has at most 10,000 parts.</param>
/// <param name="LargePart">The parts after those.</param>
/// <param name="CopyAtOnce">Up to this an object is copied in one request, which must be over within the store's patience; at most 5 GiB.</param>
/// <param name="CopyPart">The parts of a longer copy.</param>
internal sealed record S3Sizes(int Part, int PartsOfThat, int LargePart, long CopyAtOnce, long CopyPart)
{
    private const int MostParts = 10_000;

    internal static S3Sizes Usual { get; } = new(8 << 20, 4_000, 64 << 20, 1L << 30, 1L << 29);

    /// <summary>The longest content: 406 GiB with the usual sizes.</summary>
    internal long Most => (long)PartsOfThat * Part + (long)(MostParts - PartsOfThat) * LargePart;

    /// <param name="number">From 1.</param>
    internal int Of(int number) => number <= PartsOfThat ? Part : LargePart;

    /// <summary>The parts a copy is made in: enough of them, however long it is.</summary>
    internal long CopyPartOf(long size) => Math.Max(CopyPart, size / MostParts + 1);
}
