using System.Text;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// Looks at the beginning of an HDF5 file ("HDF5 File Format Specification", versions 0 to 3 of the superblock) and at the
/// attributes of its root, where Keras keeps the description of a model. Groups and data sets are not walked.
/// </summary>
internal sealed class Hdf5Reader(ByteWindow file, FileReading it)
{
    private const int MostMessages = 10_000, MostBlocks = 200, MostValue = 16 * 1024 * 1024, MostName = 200, MostHeapObjects = 65_536;
    private const ushort Attribute = 0x0c, Continuation = 0x10, AttributeInfo = 0x15;
    private const ulong Undefined = ulong.MaxValue;

    private readonly List<(long From, long Size)> _blocks = [];
    private bool _hasConfig, _unread;

    public static bool Looks(ReadOnlySpan<byte> head) => head.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'H', (byte)'D', (byte)'F', (byte)'\r', (byte)'\n', 0x1a, (byte)'\n']);

    public void Read()
    {
        it.Kind = "hdf5";
        Root(Superblock());
        if (_hasConfig)
        {
            it.Kind = "keras";
            it.Framework = "keras";
            it.Find("keras_hdf5", "It is a Keras model in HDF5: readers of this form make whatever its layers name, and its weights are not looked into.", ScanVerdict.Unsafe);
        }
        else if (_unread)
            it.Find("hdf5_unread", "It is HDF5, and its attributes are kept in a way that is not read here: it may be a Keras model with layers that carry code.", ScanVerdict.Unsafe);
        else
            it.Find("hdf5_not_walked", "It is HDF5 without the description of a Keras model, such as weights: what is in it is not looked into.", ScanVerdict.Unknown);
    }

    /// <summary>Where the root group's header is.</summary>
    private long Superblock()
    {
        file.Position = 8;
        var version = file.Next();
        if (version > 3)
            throw new InspectionStop("hdf5_version", $"Its superblock is of version {version}, which nothing here reads.");
        file.Position = version < 2 ? 13 : 9;
        if (file.Next() != 8 || file.Next() != 8)
            throw new InspectionStop("hdf5_version", "Its addresses are not of eight bytes, which nothing here reads.");
        file.Position = version switch { 0 => 24, 1 => 28, _ => 12 };
        var (start, second, end, last) = (file.UInt64(), file.UInt64(), file.UInt64(), file.UInt64());
        if (start != 0 || end > (ulong)file.Length || (version < 2 && second != Undefined && second >= end))
            throw new InspectionStop("malformed", "It is said to be longer than it is, or to begin elsewhere.");
        if (version >= 2)
            return Place(last, 16);
        // The entry of the root group: the offset of its name, then the address of its header.
        file.UInt64();
        return Place(file.UInt64(), 16);
    }

    private long Place(ulong address, long least) =>
        address <= (ulong)Math.Max(0, file.Length - least) ? (long)address : throw new InspectionStop("malformed", "An address in it leads beyond the file.");

    private void Root(long header)
    {
        file.Position = header;
        var isNew = file.Piece(header, 4).AsSpan().SequenceEqual("OHDR"u8);
        var order = false;
        if (isNew)
        {
            if (file.Next() != 2)
                throw new InspectionStop("hdf5_version", "An object in it is of a version that nothing here reads.");
            var flags = file.Next();
            order = (flags & 4) != 0;
            file.Skip((flags & 0x20) != 0 ? 16UL : 0);
            file.Skip((flags & 0x10) != 0 ? 4UL : 0);
            Span<byte> size = stackalloc byte[8];
            size.Clear();
            file.Read(size[..(1 << (flags & 3))]);
            Add(file.Position, BitConverter.ToUInt64(size));
        }
        else
        {
            file.Position = header;
            if (file.Next() != 1)
                throw new InspectionStop("malformed", "Where its root should be there is no object.");
            file.Position = header + 8;
            var size = file.UInt32();
            Add(header + 16, size);
        }
        var messages = 0;
        for (var i = 0; i < _blocks.Count; i++)
            Messages(_blocks[i], isNew, order, ref messages);
    }

    private void Add(long from, ulong size)
    {
        if (size > (ulong)(file.Length - from))
            throw new InspectionStop("malformed", "An object's header in it reaches beyond the file.");
        if (_blocks.Count >= MostBlocks)
            throw new InspectionStop("too_complex", "An object's header in it has too many parts.");
        _blocks.Add((from, (long)size));
    }

    private void Messages((long From, long Size) block, bool isNew, bool order, ref int messages)
    {
        var (at, end, head) = (block.From, block.From + block.Size, isNew ? order ? 6 : 4 : 8);
        while (end - at >= head)
        {
            file.Budget.Step();
            if (++messages > MostMessages)
                throw new InspectionStop("too_complex", "An object's header in it has too many messages.");
            file.Position = at;
            var (type, size, flags) = isNew ? (file.Next(), file.UInt16(), file.Next()) : (file.UInt16(), file.UInt16(), file.Next());
            at += head;
            if (size > end - at)
                throw new InspectionStop("malformed", "A message in it is said to be longer than what it stands in.");
            file.Position = at;
            if (type == Continuation && size >= 16)
            {
                var (address, length) = (file.UInt64(), file.UInt64());
                // Of the new form, a signature stands before the messages and a checksum behind them.
                if (!isNew)
                    Add(Place(address, 0), length);
                else if (length >= 8)
                    Add(Place(address, 8) + 4, length - 8);
            }
            else if (type == Attribute)
                ReadAttribute(at, size, isShared: (flags & 2) != 0);
            // Where there are many they are kept in a heap of their own.
            else if (type == AttributeInfo && size >= 2)
                _unread |= Dense(at);
            at += size;
        }
    }

    private bool Dense(long at)
    {
        file.Position = at + 1;
        var flags = file.Next();
        file.Skip((flags & 1) != 0 ? 2UL : 0);
        return file.UInt64() != Undefined;
    }

    private void ReadAttribute(long at, int size, bool isShared)
    {
        if (isShared || size < 8)
        {
            _unread = true;
            return;
        }
        var version = file.Next();
        var flags = file.Next();
        var (name, type, space) = (file.UInt16(), file.UInt16(), file.UInt16());
        if (version is < 1 or > 3 || (version > 1 && flags != 0))
        {
            _unread = true;
            return;
        }
        var start = at + (version == 3 ? 9 : 8);
        long Padded(int bytes) => version == 1 ? (bytes + 7) / 8 * 8 : bytes;
        var (typeAt, valueAt) = (start + Padded(name), start + Padded(name) + Padded(type) + Padded(space));
        if (valueAt > at + size)
            throw new InspectionStop("malformed", "An attribute in it is longer than what it stands in.");
        var called = Encoding.Latin1.GetString(file.Piece(start, Math.Min((int)name, MostName))).TrimEnd('\0');
        if (called is "keras_version" or "model_config")
            Value(called, typeAt, type, valueAt, at + size - valueAt);
    }

    private void Value(string name, long typeAt, int typeBytes, long at, long size)
    {
        var type = file.Piece(typeAt, Math.Min(typeBytes, 8));
        if (type.Length < 8)
            throw new InspectionStop("malformed", "An attribute in it has no type.");
        _hasConfig |= name == "model_config";
        var value = (type[0] & 15) switch
        {
            3 when BitConverter.ToUInt32(type, 4) is var length && length <= size => file.Piece(at, (int)Math.Min(length, MostValue)),
            9 when (type[1] & 15) == 1 && size >= 16 => FromHeap(at),
            _ => null,
        };
        if (value is null || value.Length == MostValue)
            it.Find("hdf5_unread", $"Its attribute '{name}' is kept in a way that is not read here, or is longer than is read.", ScanVerdict.Unsafe);
        else if (name == "keras_version")
            it.Producer = $"keras {FileReading.Words(value.AsSpan().TrimEnd((byte)0), 40)}";
        else
            new KerasConfig(it, file.Budget).Read(value.AsSpan().TrimEnd((byte)0));
    }

    /// <summary>Text of any length lies in a heap: a collection of objects by number.</summary>
    private byte[]? FromHeap(long at)
    {
        file.Position = at;
        var (length, heap, wanted) = (file.UInt32(), Place(file.UInt64(), 16), file.UInt32());
        if (length > MostValue || !file.Piece(heap, 4).AsSpan().SequenceEqual("GCOL"u8))
            return null;
        file.Position = heap + 8;
        var end = heap + (long)Math.Min(file.UInt64(), (ulong)(file.Length - heap));
        for (var objects = 0; file.Position + 16 <= end && objects < MostHeapObjects; objects++)
        {
            file.Budget.Step();
            var (index, _, _, size) = (file.UInt16(), file.UInt16(), file.UInt32(), file.UInt64());
            if (index == 0 || size > (ulong)(end - file.Position))
                break;
            if (index == wanted)
                return length <= size ? file.Piece(file.Position, (int)length) : null;
            file.Skip(Math.Min((size + 7) / 8 * 8, (ulong)(end - file.Position)));
        }
        return null;
    }
}
