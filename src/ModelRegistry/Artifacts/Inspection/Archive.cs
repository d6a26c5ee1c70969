using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>Looks into the files of an archive as into files that stand alone, without unpacking more of them than is read.</summary>
internal static class Archive
{
    private const int MostDepth = 3, MostConfig = 16 * 1024 * 1024;
    private const long MostUnpacked = 256L * 1024 * 1024, FreeBytes = 16 * 1024 * 1024;
    private const int MostRatio = 200;

    public static void Zip(ByteWindow file, FileReading it)
    {
        it.Kind = "zip";
        var entries = new ZipReader(file, it).Read();
        if (TorchArchive.Looks(entries))
            TorchArchive.Read(file, it, entries);
        else
            Look(file, it, entries, isKeras: IsKeras(entries));
    }

    public static void Tar(ByteWindow file, FileReading it)
    {
        it.Kind = "tar";
        Look(file, it, new TarReader(file, it).Read(), isKeras: false);
    }

    /// <summary>One file, compressed: a tar archive or any other.</summary>
    public static void Compressed(ByteWindow file, FileReading it, Packing packing)
    {
        it.Kind = packing == Packing.Gzip ? "gzip" : "zlib";
        it.MayBeChance = packing == Packing.Zlib;
        if (InflatedStream.Measure(file, 0, file.Length, packing, MostUnpacked) is not { } size)
        {
            it.Find("archive_too_large", $"It unpacks to more than {MostUnpacked >> 20} MiB, and is not looked into.", ScanVerdict.Unknown);
            return;
        }
        if (size > FreeBytes && size / MostRatio > file.Length)
            it.Find("archive_ratio", $"It unpacks to more than {MostRatio} times its size.");
        var name = it.Name.LastIndexOf('.') is > 0 and var dot ? it.Name[..dot] : "content";
        var entry = new ArchiveEntry(name, size, 0, file.Length, packing);
        using var unpacked = new InflatedStream(file, 0, file.Length, size, packing);
        var inside = new ByteWindow(unpacked, size, file.Budget);
        if (TarReader.Looks(inside.Piece(0, 512)))
            Tar(inside, it);
        else
            Look(file, it, [entry], isKeras: false);
    }

    /// <summary>Whether what begins so unpacks to anything at all; two bytes are easily there by chance.</summary>
    public static bool LooksLikeZlib(ByteWindow file, ReadOnlySpan<byte> head)
    {
        if (head is not [0x78, 0x01 or 0x5e or 0x9c or 0xda, _, ..])
            return false;
        try
        {
            Span<byte> some = stackalloc byte[16];
            using var unpacked = new InflatedStream(file, 0, file.Length, some.Length, Packing.Zlib);
            return unpacked.Read(some) > 0;
        }
        catch (InspectionStop e) when (e.Code == "malformed")
        {
            return false;
        }
    }

    /// <summary>Gives the bytes of a file in an archive.</summary>
    public static Outcome<(ByteWindow, IDisposable?)> Open(ByteWindow file, ArchiveEntry entry)
    {
        if (entry.Packing is not { } packing)
            return entry.Packed == entry.Size ? (file.Part(entry.Start, entry.Size), null) : throw new InspectionStop("malformed", "A file in an archive is not packed and has two sizes.");
        var unpacked = new InflatedStream(file, entry.Start, entry.Packed, entry.Size, packing);
        return (new ByteWindow(unpacked, entry.Size, file.Budget), unpacked);
    }

    /// <summary>Looks into some of an archive's files; what comes of it stands within the archive's own reading.</summary>
    public static void Look(ByteWindow file, FileReading it, IReadOnlyList<ArchiveEntry> entries, bool isKeras)
    {
        foreach (var entry in entries.Where(e => e.Sealed is not null).Take(20))
            it.Find("archive_sealed", $"'{ArchiveEntries.Shown(entry.Path)}' cannot be looked into: {entry.Sealed}.", ScanVerdict.Unknown);
        var open = entries.Where(e => e.Sealed is null).ToList();
        if (it.Depth >= MostDepth)
        {
            it.Find("archive_too_deep", $"It lies {MostDepth} archives deep and is not looked into.", ScanVerdict.Unknown);
            return;
        }
        it.Within.AddRange(FileSet.Look([.. open.Select(e => ($"{it.Path}/{FileReading.Words(e.Path, 255)}", e.Size))], i => Open(file, open[i]), it.Depth + 1));
        if (isKeras)
            Keras(file, it, open);
    }

    // What Keras 3 writes: a description, who wrote it, and weights.
    private static bool IsKeras(IReadOnlyList<ArchiveEntry> entries) =>
        entries.Any(e => e.Path == "config.json") && entries.Any(e => e.Path == "metadata.json");

    private static void Keras(ByteWindow file, FileReading it, List<ArchiveEntry> entries)
    {
        it.Kind = "keras";
        it.Framework = "keras";
        var (config, metadata) = (Text(file, entries, "config.json"), Text(file, entries, "metadata.json"));
        new KerasConfig(it, file.Budget).Read(config);
        if (System.Text.RegularExpressions.Regex.Match(System.Text.Encoding.Latin1.GetString(metadata), """"keras_version"\s*:\s*"([\w.+-]{1,40})"""") is { Success: true } version)
            it.Producer = $"keras {version.Groups[1].Value}";
    }

    private static byte[] Text(ByteWindow file, List<ArchiveEntry> entries, string path)
    {
        if (entries.Find(e => e.Path == path) is not { Size: <= MostConfig } entry)
            throw new InspectionStop("too_complex", "The description of its layers cannot be read, or is longer than is read.");
        var (window, close) = Open(file, entry).Value;
        using (close)
            return window.Piece(0, (int)entry.Size);
    }
}
