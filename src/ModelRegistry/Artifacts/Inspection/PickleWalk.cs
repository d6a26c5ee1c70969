using System.Globalization;
using System.Text;
using ModelRegistry.Domain;

namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// Goes through a pickle of any protocol opcode by opcode ("pickletools", Python standard library) and tells what it names:
/// functions and classes that loading it would import and call. Of the stack only texts are kept, for names are made of them.
/// </summary>
internal sealed class PickleWalk(ByteWindow file, FileReading it)
{
    private const int MostText = 256, MostLine = 32 * 1024 * 1024, MostHeight = 1_000_000, MostMemo = 200_000, MostTold = 40;

    private readonly List<string?> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<long, string> _memo = [];
    private readonly HashSet<string> _told = [];
    private long _memoized;
    private bool _isJoblib, _wrapsArrays;

    /// <summary>Modules of frameworks that it names, the first part alone.</summary>
    public HashSet<string> Frameworks { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether all it names only holds state.</summary>
    public bool IsPlain { get; private set; } = true;

    /// <summary>How many pickles there were, one behind the other, each to its end.</summary>
    public int Pickles { get; private set; }

    /// <summary>In TorchScript, classes of the archive itself are named.</summary>
    public bool InTorchScript { get; init; }

    /// <summary>Walks all pickles from a place to the end of the file; what cannot be walked is found.</summary>
    /// <param name="most">Stops behind so many, where something else may follow.</param>
    public void Walk(long from, int most = int.MaxValue)
    {
        file.Position = from;
        try
        {
            while (!file.AtEnd && Pickles < most && !_isJoblib)
                One();
        }
        catch (InspectionStop e) when (e.Code == "malformed")
        {
            Tell("pickle_malformed", $"It cannot be read to its end as a pickle, near byte {file.Position}: what it would do cannot be told.");
        }
    }

    private void One()
    {
        _stack.Clear();
        _marks.Clear();
        _memo.Clear();
        _memoized = 0;
        for (var opcode = file.Next(); opcode != '.'; opcode = file.Next())
        {
            file.Budget.Step();
            Step(opcode);
            if (_isJoblib)
                return;
            if (_stack.Count > MostHeight || _marks.Count > MostHeight)
                throw new InspectionStop("too_complex", "Its stack grows higher than is followed.", ScanVerdict.Unsafe);
        }
        Pop(1);
        Pickles++;
    }

    private void Step(byte opcode)
    {
        switch (opcode)
        {
            case 0x80: Need(file.Next() <= 5); break;
            case 0x95: Need(file.UInt64() <= (ulong)(file.Length - file.Position)); break;
            case (byte)'(': _marks.Add(_stack.Count); break;
            case (byte)'0': Drop(); break;
            case (byte)'1': Unmark(); break;
            case (byte)'2': Push(Top(1)); break;
            // A call: function and arguments give way to what comes of it. The state of an object likewise.
            case (byte)'R' or 0x81: Take(2); break;
            case 0x92: Take(3); break;
            case (byte)'b':
                Pop(1);
                Need(Height() >= 1);
                _isJoblib |= _wrapsArrays;
                break;
            case (byte)'o':
                Unmark();
                Push(null);
                break;
            case (byte)'i':
                Name(Line(), Line());
                Unmark();
                Push(null);
                break;
            case (byte)'c':
                Name(Line(), Line());
                Push(null);
                break;
            case 0x93:
                var (module, name) = (Top(2), Top(1));
                Take(2);
                if (module is null || name is null)
                    Tell("pickle_unresolved", "It imports something whose name it puts together as it runs.");
                else
                    Name(module, name);
                break;
            case 0x82 or 0x83 or 0x84:
                file.Skip(opcode switch { 0x82 => 1UL, 0x83 => 2, _ => 4 });
                Tell("pickle_extension", "It names something by a number that stands for it in the reader's own table.");
                Push(null);
                break;
            case (byte)'P':
                Line();
                Push(null);
                break;
            case (byte)'Q': Take(1); break;
            case (byte)'t' or (byte)'l' or (byte)'d' or 0x91:
                Unmark();
                Push(null);
                break;
            case (byte)'e' or (byte)'u' or 0x90:
                Unmark();
                Need(Height() >= 1);
                break;
            case (byte)'a':
                Pop(1);
                Need(Height() >= 1);
                break;
            case (byte)'s':
                Pop(2);
                Need(Height() >= 1);
                break;
            case 0x85: Take(1); break;
            case 0x86: Take(2); break;
            case 0x87: Take(3); break;
            case 0x98: Need(Height() >= 1); break;
            case 0x94: Remember(_memoized); break;
            case (byte)'q': Remember(file.Next()); break;
            case (byte)'r': Remember(file.UInt32()); break;
            case (byte)'p': Remember(Number(Line())); break;
            case (byte)'h': Recall(file.Next()); break;
            case (byte)'j': Recall(file.UInt32()); break;
            case (byte)'g': Recall(Number(Line())); break;
            default: Value(opcode); break;
        }
    }

    /// <summary>Opcodes that put a constant on the stack.</summary>
    private void Value(byte opcode)
    {
        switch (opcode)
        {
            case (byte)'N' or (byte)')' or (byte)']' or (byte)'}' or 0x88 or 0x89 or 0x8f or 0x97: Push(null); break;
            case (byte)'K': Skip(1); break;
            case (byte)'M': Skip(2); break;
            case (byte)'J': Skip(4); break;
            case (byte)'G': Skip(8); break;
            case (byte)'I' or (byte)'L' or (byte)'F':
                Line();
                Push(null);
                break;
            case (byte)'S':
                var quoted = Line();
                Need(quoted.Length >= 2 && quoted[0] is '\'' or '"' && quoted[^1] == quoted[0]);
                Push(quoted.Contains('\\', StringComparison.Ordinal) ? null : quoted[1..^1]);
                break;
            case (byte)'V':
                var raw = Line();
                Push(raw.Contains('\\', StringComparison.Ordinal) ? null : raw);
                break;
            case (byte)'U' or 0x8c: Text(file.Next()); break;
            case (byte)'X' or (byte)'T': Text(file.UInt32()); break;
            case 0x8d: Text(file.UInt64()); break;
            case (byte)'C' or 0x8a: Skip(file.Next()); break;
            case (byte)'B' or 0x8b: Skip(file.UInt32()); break;
            case 0x8e or 0x96: Skip(file.UInt64()); break;
            default: throw new InspectionStop("malformed", "There is no such opcode.");
        }
    }

    private void Name(string module, string name)
    {
        var root = module.Split('.')[0];
        if (root is "torch" or "sklearn" or "numpy" or "keras" or "tensorflow" or "xgboost" or "lightgbm" or "joblib" || (InTorchScript && root == "__torch__"))
            Frameworks.Add(root);
        _wrapsArrays |= root == "joblib" && name == "NumpyArrayWrapper";
        if (!PickleGlobals.IsPlain(module, name) && !(InTorchScript && root == "__torch__"))
            Tell("pickle_global", $"It names '{FileReading.Words($"{module}.{name}", 200)}', which is not plain state of PyTorch, NumPy or scikit-learn: loading it imports that and can call it.");
    }

    private void Tell(string code, string words)
    {
        IsPlain = false;
        if (_told.Count < MostTold && _told.Add(words))
            it.Find(code, words, ScanVerdict.Unsafe);
    }

    /// <summary>Said when it ended: the arrays of joblib stand as they are between the opcodes.</summary>
    public bool IsJoblib => _isJoblib;

    private static void Need(bool holds)
    {
        if (!holds)
            throw new InspectionStop("malformed", "An opcode asks for what is not there.");
    }

    private int Height() => _stack.Count - (_marks.Count > 0 ? _marks[^1] : 0);

    private string? Top(int depth) => Height() >= depth ? _stack[^depth] : throw new InspectionStop("malformed", "The stack is empty.");

    private void Push(string? text) => _stack.Add(text);

    private void Pop(int items)
    {
        Need(Height() >= items);
        _stack.RemoveRange(_stack.Count - items, items);
    }

    private void Take(int items)
    {
        Pop(items);
        Push(null);
    }

    /// <summary>POP takes a mark where nothing stands above it.</summary>
    private void Drop()
    {
        if (_marks.Count > 0 && _marks[^1] == _stack.Count)
            _marks.RemoveAt(_marks.Count - 1);
        else
            Pop(1);
    }

    private void Unmark()
    {
        Need(_marks.Count > 0);
        _stack.RemoveRange(_marks[^1], _stack.Count - _marks[^1]);
        _marks.RemoveAt(_marks.Count - 1);
    }

    private void Remember(long place)
    {
        _memoized++;
        // What is no text, or beyond the bound, is not to be had back: a name made of it is told as one that nobody can tell.
        if (Top(1) is { } text && _memo.Count < MostMemo)
            _memo[place] = text;
        else
            _memo.Remove(place);
    }

    private void Recall(long place) => Push(_memo.GetValueOrDefault(place));

    private void Skip(ulong bytes)
    {
        file.Skip(bytes);
        Push(null);
    }

    private void Text(ulong bytes)
    {
        if (bytes > MostText)
            Skip(bytes);
        else
            Push(Decode(file.Piece(file.Position, (int)bytes), (int)bytes));
    }

    private static string Decode(byte[] bytes, int expected)
    {
        Need(bytes.Length == expected);
        return Encoding.UTF8.GetString(bytes);
    }

    private static long Number(string line) =>
        long.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new InspectionStop("malformed", "A number in it is none.");

    /// <summary>What is left of the line; of a long one the beginning, which is no name.</summary>
    private string Line()
    {
        var line = new StringBuilder();
        for (var length = 0; length <= MostLine; length++)
        {
            var c = file.Next();
            if (c == '\n')
                return line.ToString().TrimEnd('\r');
            if (line.Length <= MostText)
                line.Append((char)c);
        }
        throw new InspectionStop("malformed", "A line in it does not end.");
    }
}
