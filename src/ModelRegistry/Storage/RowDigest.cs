using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ModelRegistry.Storage;

/// <summary>
/// A digest over rows in no order: the sum of their SHA-256. Two databases list rows as it suits them, and none is asked to sort
/// millions for this. Finds what was lost, doubled or altered on the way; who could alter both sides on purpose needs no such thing.
/// </summary>
internal sealed class RowDigest
{
    private readonly ulong[] _sum = new ulong[4];
    private byte[] _row = new byte[4096];
    private int _length;

    public long Rows { get; private set; }

    /// <summary>Adds one row, of the types that the store keeps.</summary>
    public void Add(ReadOnlySpan<object?> values)
    {
        _length = 0;
        foreach (var value in values)
            switch (value)
            {
                case null:
                    Room(1)[0] = 0;
                    break;
                case long number:
                    Number(1, number);
                    break;
                case double real:
                    // There is one zero: not every database keeps the sign of the other.
                    Number(2, BitConverter.DoubleToInt64Bits(real == 0 ? 0 : real));
                    break;
                case string text:
                    var length = Encoding.UTF8.GetByteCount(text);
                    Number(3, length);
                    Encoding.UTF8.GetBytes(text, Room(length));
                    break;
                case byte[] bytes:
                    Number(4, bytes.Length);
                    bytes.CopyTo(Room(bytes.Length));
                    break;
                default:
                    throw new InvalidOperationException($"A row holds a {value.GetType().Name}.");
            }
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(_row.AsSpan(0, _length), hash);
        for (var i = 0; i < _sum.Length; i++)
            _sum[i] += BinaryPrimitives.ReadUInt64LittleEndian(hash[(8 * i)..]);
        Rows++;
    }

    /// <summary>Whether both are over the same rows, however they were ordered.</summary>
    public bool Agrees(RowDigest other) => Rows == other.Rows && _sum.AsSpan().SequenceEqual(other._sum);

    private void Number(byte kind, long number)
    {
        var room = Room(9);
        room[0] = kind;
        BinaryPrimitives.WriteInt64LittleEndian(room[1..], number);
    }

    private Span<byte> Room(int length)
    {
        if (_row.Length - _length < length)
            Array.Resize(ref _row, Math.Max(_row.Length * 2, _length + length));
        _length += length;
        return _row.AsSpan(_length - length, length);
    }
}
