using System.Text;
using System.Text.Json.Nodes;

namespace ModelRegistry.Fuzz;

/// <summary>
/// Malformed JSON-RPC and MCP messages: right ones of both eras, bent in one to three ways. The same seed, index and
/// <see cref="Known"/> give the same bytes.
/// </summary>
internal sealed class MalformedMessages(int seed, Known known)
{
    /// <summary>The bytes of one case. They can hold line ends.</summary>
    public byte[] this[int index]
    {
        get
        {
            var random = Nasty.Case(seed, index);
            if (random.Next(60) == 0)
                return Noise(random);
            var message = ValidMessages.Any(random, known, index);
            var bent = new BentJson(message);
            // One in eight stays as it is: what is right has to be answered between what is wrong.
            var bends = random.Next(8) == 0 ? 0 : random.Next(1, 4);
            for (var i = 0; i < bends; i++)
                if (random.Next(8) == 0)
                    bent.Set(message, "id", Nasty.Id(random, index));
                else if (random.Next(4) > 0)
                    // Arguments are the largest part of what is read; the envelope is small and gets its share.
                    bent.Bend(random, (message["params"] as JsonObject)?["arguments"] as JsonObject);
            var bytes = BentJson.Encoded(BentJson.Wrapped(bent.Text(), random), random);
            return bends > 0 && random.Next(4) == 0 ? BentJson.Scrambled(bytes, random) : bytes;
        }
    }

    private static byte[] Noise(Random random)
    {
        if (random.Next(2) == 0)
            return Encoding.UTF8.GetBytes(Nasty.Json(random));
        var bytes = new byte[random.Next(1, 200)];
        random.NextBytes(bytes);
        return bytes;
    }
}
