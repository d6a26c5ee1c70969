using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;

namespace ModelRegistry.Tests;

/// <summary>
/// A content of any length that lies nowhere: any part of it can be made at any time, the same again. No two blocks of it are alike,
/// nor are contents of different seeds.
/// </summary>
internal sealed class EndlessContent
{
    public const int BlockBytes = 1 << 20;

    private readonly byte[] _block = new byte[BlockBytes];
    private readonly int _seed;

    public EndlessContent(long size, int seed)
    {
        (Size, _seed) = (size, seed);
        new Random(seed).NextBytes(_block);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BlockBytes];
        for (var at = 0L; at < size; at += BlockBytes)
            hash.AppendData(Read(at, buffer).Span);
        Sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public long Size { get; }

    public string Sha256 { get; }

    /// <summary>What stands from a place on, up to the end of its block.</summary>
    public ReadOnlyMemory<byte> Read(long at, byte[] buffer)
    {
        _block.CopyTo(buffer, 0);
        BinaryPrimitives.WriteInt64LittleEndian(buffer, at / BlockBytes);
        BinaryPrimitives.WriteInt32LittleEndian(buffer.AsSpan(8), _seed);
        var within = (int)(at % BlockBytes);
        return buffer.AsMemory(within, (int)Math.Min(BlockBytes - within, Size - at));
    }

    /// <summary>The body of a request that sends it from a place on, telling how far it is.</summary>
    public HttpContent From(long offset, Action<long>? told = null) => new Body(this, offset, told);

    private sealed class Body(EndlessContent content, long offset, Action<long>? told) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var buffer = new byte[BlockBytes];
            for (var at = offset; at < content.Size;)
            {
                var part = content.Read(at, buffer);
                await stream.WriteAsync(part);
                at += part.Length;
                told?.Invoke(at);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = content.Size - offset;
            return true;
        }
    }
}
