using System.Buffers.Binary;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// Finds a container in a file that begins as something else. Readers of zip look for it from the end of a file (APPNOTE.TXT, 4.3.16),
/// those of HDF5 at byte 512 and at every doubling of that (HDF5 File Format Specification 3.0, section II.A): to them the weights
/// before and around it are padding, and what it holds was looked at by nobody.
/// </summary>
internal static class HiddenContainer
{
    private const int EndBytes = 22, MostComment = 65_535, FirstBlock = 512;

    private static readonly byte[] Hdf5 = [0x89, (byte)'H', (byte)'D', (byte)'F', (byte)'\r', (byte)'\n', 0x1a, (byte)'\n'];

    /// <param name="mayEndAsZip">Whether its own format has archives at its end, and tells of them itself.</param>
    public static void Find(ByteWindow file, FileReading it, bool mayEndAsZip)
    {
        if (!mayEndAsZip && HasZip(file))
            Tell(it, "hidden_archive", "From its end it reads as a zip archive: whoever opens it as one finds files there that were not looked into.");
        if (HasHdf5(file))
            Tell(it, "hidden_hdf5", "Within it stands an HDF5 file, where readers of that format look for one: what is in it was not looked into.");
    }

    private static void Tell(FileReading it, string code, string words)
    {
        it.HidesContainer = true;
        it.Find(code, words);
    }

    /// <summary>Whether a reader of zip takes it for an archive.</summary>
    // It need not ask that the comment end with the file (Python's does not), nor that offsets count from its beginning.
    public static bool HasZip(ByteWindow file)
    {
        var from = Math.Max(0, file.Length - EndBytes - MostComment);
        var tail = file.Piece(from, EndBytes + MostComment).AsSpan();
        for (var at = tail.LastIndexOf("PK\x05\x06"u8); at >= 0; at = tail[..at].LastIndexOf("PK\x05\x06"u8))
        {
            if (tail.Length - at < EndBytes)
                continue;
            var directory = from + at - BinaryPrimitives.ReadUInt32LittleEndian(tail[(at + 12)..]);
            if ((directory >= 0 && directory < from + at && file.Piece(directory, 4).AsSpan().SequenceEqual("PK\x01\x02"u8)) || (at >= 20 && tail[(at - 20)..].StartsWith("PK\x06\x07"u8)))
                return true;
            file.Budget.Step();
        }
        return false;
    }

    private static bool HasHdf5(ByteWindow file)
    {
        for (var at = (long)FirstBlock; at <= file.Length - Hdf5.Length; at *= 2)
            if (file.Piece(at, Hdf5.Length).AsSpan().SequenceEqual(Hdf5))
                return true;
        return false;
    }
}
