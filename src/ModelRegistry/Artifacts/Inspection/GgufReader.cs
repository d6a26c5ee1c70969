using System.Globalization;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// Looks into a GGUF file of version 2 or 3, little endian ("GGUF", ggml documentation): every key, and of every tensor its
/// shape, type and place; weights are stepped over.
/// </summary>
internal sealed class GgufReader(ByteWindow file, FileReading it)
{
    private const int MostKeys = 100_000, MostTensors = 100_000, MostKeyBytes = 65_535, MostNameBytes = 64, MostRank = 4, MostArrayDepth = 4, MostTemplateBytes = 1024 * 1024;
    private const int Text = 8, Array = 9;

    // Of the value types in the order of their numbers; texts and arrays say their size themselves.
    private static readonly byte[] Sizes = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];

    private readonly Dictionary<string, string> _words = [];
    private uint _alignment = 32;

    public static bool Looks(ReadOnlySpan<byte> head) => head.StartsWith("GGUF"u8);

    public void Read()
    {
        it.Parameters = 0;
        file.Position = 4;
        var version = file.UInt32();
        if (version is not (2 or 3))
            throw new InspectionStop("gguf_version", version is > 0 and < 2 ? "It is of version 1 of GGUF, which nothing here reads." : version > 0xffff ? "It is of big endian byte order, which nothing here reads." : $"It is of version {version} of GGUF, which nothing here reads.");
        var tensors = Count(MostTensors, least: 24, "tensors");
        var keys = Count(MostKeys, least: 13, "keys");
        Keys(keys);
        Tell();
        Tensors(tensors);
    }

    /// <summary>A number of things, each of so many bytes at least: more than fit into the file are damage.</summary>
    private int Count(int most, long least, string what)
    {
        var count = file.UInt64();
        if (count > (ulong)(file.Length / least))
            throw new InspectionStop("malformed", $"It is said to have more {what} than fit into it.");
        return count <= (ulong)most ? (int)count : throw new InspectionStop("too_complex", $"It has more than {most:N0} {what}.");
    }

    private string Name(int mostBytes)
    {
        var length = file.UInt64();
        if (length > (ulong)mostBytes || length == 0)
            throw new InspectionStop("malformed", $"A name in it is empty or longer than {mostBytes:N0} bytes.");
        Span<byte> bytes = new byte[(int)length];
        file.Read(bytes);
        return System.Text.Encoding.Latin1.GetString(bytes);
    }

    private void Keys(int count)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (; count > 0; count--)
        {
            file.Budget.Step();
            var key = Name(MostKeyBytes);
            if (!seen.Add(key))
                throw new InspectionStop("malformed", "Two of its keys have one name.");
            Value(key, file.UInt32());
        }
    }

    private void Value(string key, uint type)
    {
        switch (type)
        {
            case Text when key == "tokenizer.chat_template" || key.StartsWith("tokenizer.chat_template.", StringComparison.Ordinal):
                Template();
                break;
            case Text:
                var length = file.UInt64();
                var at = file.Position;
                file.Skip(length);
                var end = file.Position;
                if (Wanted(key))
                    _words[key] = FileReading.Words(file.Piece(at, (int)Math.Min(length, 400)), 200);
                file.Position = end;
                break;
            case Array:
                List(file.UInt32(), 0);
                break;
            case 4 or 10 when Wanted(key):
                var number = type == 4 ? file.UInt32() : file.UInt64();
                _words[key] = number.ToString(CultureInfo.InvariantCulture);
                break;
            case var fixedSize when fixedSize < Sizes.Length:
                file.Skip(Sizes[fixedSize]);
                break;
            default:
                throw new InspectionStop("malformed", $"A key in it has a value of type {type}, which there is not.");
        }
    }

    private static bool Wanted(string key) =>
        key is "general.architecture" or "general.name" or "general.license" or "general.file_type" or "general.alignment" or "split.count" || key.EndsWith(".context_length", StringComparison.Ordinal);

    private void List(uint type, int depth)
    {
        file.Budget.Step();
        var count = file.UInt64();
        if (type >= Sizes.Length || depth > MostArrayDepth)
            throw new InspectionStop("malformed", "A list in it is of a type that there is not, or lies too deep within others.");
        if (Sizes[type] is > 0 and var size)
            file.Skip(count > long.MaxValue / 8 ? ulong.MaxValue : count * size);
        else if (count > (ulong)(file.Length / 8))
            throw new InspectionStop("malformed", "A list in it is said to be longer than the file.");
        else
            for (; count > 0; count--)
            {
                file.Budget.Step();
                if (type == Text)
                    file.Skip(file.UInt64());
                else
                    List(file.UInt32(), depth + 1);
            }
    }

    /// <summary>A template is a program for whoever formats conversations, and its words are nobody's instruction here: it is told that it is there.</summary>
    private void Template()
    {
        var length = file.UInt64();
        var at = file.Position;
        file.Skip(length);
        var end = file.Position;
        it.Note("gguf_chat_template", $"It brings a chat template of {length} bytes: untrusted text that programs run to form prompts.");
        it.Detail("chat_template", "present");
        if (length > MostTemplateBytes)
            it.Find("gguf_chat_template_long", $"Its chat template is longer than {MostTemplateBytes / 1024:N0} KiB, more than is read of one.", ScanVerdict.Unknown);
        // Names of Python's insides have no place in a template that formats text; they are how one breaks out of a sandbox.
        else if (Reaches(System.Text.Encoding.Latin1.GetString(file.Piece(at, (int)length))))
            it.Find("gguf_chat_template_reaches", "Its chat template names Python's insides (\"__\"): run without a sandbox, it can run code.");
        file.Position = end;
    }

    // In a text of a template an underscore can be spelt by its number or name, as in Python; nobody who means well does.
    private static bool Reaches(string template) =>
        template.Contains("__", StringComparison.Ordinal) || Underscores.Any(spelt => template.Contains(spelt, StringComparison.OrdinalIgnoreCase));

    private static readonly string[] Underscores = [@"\x5f", @"\u005f", @"\U0000005f", @"\137", @"\N{LOW LINE}"];

    private void Tell()
    {
        it.Framework = "ggml";
        var architecture = _words.GetValueOrDefault("general.architecture", "");
        it.Detail("architecture", architecture);
        it.Detail("model_name", _words.GetValueOrDefault("general.name", ""));
        it.Detail("license", _words.GetValueOrDefault("general.license", ""));
        it.Detail("context_length", _words.GetValueOrDefault($"{architecture}.context_length", ""));
        it.Detail("quantization", int.TryParse(_words.GetValueOrDefault("general.file_type"), CultureInfo.InvariantCulture, out var type) ? GgmlTypes.Mixture(type) : "");
        if (_words.TryGetValue("split.count", out var parts) && parts is not ("0" or "1"))
            it.Note("gguf_split", $"It is one of {parts} parts of a model.");
        if (_words.TryGetValue("general.alignment", out var text) && (!uint.TryParse(text, CultureInfo.InvariantCulture, out _alignment) || _alignment is 0 or > 1 << 20 || _alignment % 8 != 0))
            throw new InspectionStop("malformed", "Its tensors are said to be aligned to what is no alignment.");
    }

    private void Tensors(int count)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var places = new List<(ulong Begin, ulong End)>(Math.Min(count, 1_000));
        for (; count > 0; count--)
        {
            file.Budget.Step();
            var name = Name(MostNameBytes);
            if (!seen.Add(name))
                throw new InspectionStop("malformed", "Two of its tensors have one name.");
            if (Tensor(FileReading.Words(name, 64)) is { } place)
                places.Add(place);
        }
        // Where one has no place, what stands between the others is told of it already.
        if (places.Count == seen.Count)
            Check(places);
    }

    private (ulong, ulong)? Tensor(string name)
    {
        var rank = file.UInt32();
        if (rank > MostRank)
            throw new InspectionStop("malformed", $"A tensor in it has {rank} dimensions; {MostRank} is the most there are.");
        UInt128 elements = 1;
        var row = 1UL;
        for (var i = 0; i < rank; i++)
        {
            var dimension = file.UInt64();
            row = i == 0 ? dimension : row;
            // Beyond 63 bits it stays there: nothing wraps around to a size that fits.
            elements = elements > long.MaxValue ? elements : elements * dimension;
        }
        var (type, offset) = (file.UInt32(), file.UInt64());
        if (GgmlTypes.Find(type) is not var (word, block, bytes))
        {
            it.Find("gguf_tensor_type", $"The tensor '{name}' is of a type with number {type}, which is not known.");
            return null;
        }
        if (elements > long.MaxValue || row % (uint)block != 0)
        {
            it.Find("gguf_tensor_shape", $"The tensor '{name}' has more elements than 63 bits can count, or rows that are not whole blocks of its type.");
            return null;
        }
        if (!it.Count(word, (Int128)elements))
            it.Find("gguf_tensor_shape", "All tensors together are said to have more elements than 63 bits can count.");
        var size = elements / (uint)block * (uint)bytes;
        if (offset % _alignment == 0 && offset <= long.MaxValue && size <= (UInt128)file.Length)
            return (offset, offset + (ulong)size);
        it.Find("gguf_tensor_offset", $"The tensor '{name}' does not lie where one may: it is not aligned, or reaches beyond the file.");
        return null;
    }

    private void Check(List<(ulong Begin, ulong End)> places)
    {
        var start = (ulong)file.Position + _alignment - 1;
        start -= start % _alignment;
        places.Sort();
        var at = 0UL;
        foreach (var (begin, end) in places)
        {
            if (begin < at || begin - at >= _alignment)
            {
                it.Find("gguf_tensor_offset", begin < at ? $"Two tensors share the bytes from {begin} of the data on." : $"Between the tensors, at byte {at} of the data, is something that belongs to none.");
                return;
            }
            at = end;
        }
        var length = (ulong)file.Length;
        if (places.Count > 0 && start + at > length)
            it.Find("gguf_tensor_offset", "Its tensors are said to reach beyond the end of the file.");
        else if (length > start + at && length - start - at >= _alignment)
            it.Find("gguf_trailing", "After the last tensor there is something that belongs to none.");
    }
}
