namespace ModelRegistry.Artifacts.Inspection;

/// <summary>
/// Tells whether bytes would do something when they were unpickled, without doing it: opcodes are stepped through with
/// no more than the height of their stack ("pickletools", Python standard library).
/// </summary>
internal sealed class PickleProbe(ByteWindow file)
{
    private const int MostLine = 32 * 1024 * 1024, MostMarks = 10_000;

    private readonly List<int> _marks = [];
    private int _height;
    private bool _named;

    /// <summary>Whether the file begins with a pickle that calls something, or is pickles from end to end.</summary>
    /// <remarks>What stops short of both does nothing when it is loaded but fail.</remarks>
    public bool Finds()
    {
        file.Position = 0;
        try
        {
            while (!file.AtEnd)
            {
                file.Budget.Step();
                switch (Step(file.Next()))
                {
                    case Effect.None: break;
                    case Effect.Calls: return true;
                    case Effect.Ends when _named || file.AtEnd: return true;
                    case Effect.Ends:
                        // Another may be stacked behind it.
                        (_height, _named) = (0, false);
                        _marks.Clear();
                        break;
                    default: return false;
                }
            }
        }
        catch (InspectionStop e) when (e.Code == "malformed")
        {
            // An argument reaches beyond the end.
        }
        return false;
    }

    private enum Effect { None, Calls, Ends, Fails }

    private Effect Step(byte opcode)
    {
        switch (opcode)
        {
            case 0x80: return file.Next() <= 5 ? Effect.None : Effect.Fails;
            case 0x95: return file.UInt64() <= (ulong)(file.Length - file.Position) ? Effect.None : Effect.Fails;
            case (byte)'.': return Have(1) ? Effect.Ends : Effect.Fails;
            // Calls and what sets the state of objects.
            case (byte)'R' or (byte)'b' or 0x81 or 0x93: return Have(2) ? Effect.Calls : Effect.Fails;
            case 0x92: return Have(3) ? Effect.Calls : Effect.Fails;
            case (byte)'o': return _marks.Count > 0 && Have(1) ? Effect.Calls : Effect.Fails;
            case (byte)'i': return _marks.Count > 0 && Name() && Name() ? Effect.Calls : Effect.Fails;
            case 0x82: return Push(1, Effect.Calls);
            case 0x83: return Push(2, Effect.Calls);
            case 0x84: return Push(4, Effect.Calls);
            case (byte)'Q': return Have(1) ? Effect.Calls : Effect.Fails;
            case (byte)'c':
                _named = Name() && Name();
                return _named ? Push(0) : Effect.Fails;
            case (byte)'(':
                _marks.Add(_height);
                return _marks.Count <= MostMarks ? Effect.None : Effect.Fails;
            // What takes all down to the mark: one thing in its place, or into the thing below.
            case (byte)'t' or (byte)'l' or (byte)'d' or 0x91: return Unmark() ? Push(0) : Effect.Fails;
            case (byte)'1': return Unmark() ? Effect.None : Effect.Fails;
            case (byte)'e' or (byte)'u' or 0x90: return Unmark() && Have(1) ? Effect.None : Effect.Fails;
            case (byte)'0': return Pop(1);
            case (byte)'2': return Have(1) ? Push(0) : Effect.Fails;
            case (byte)'a': return Have(2) ? Pop(1) : Effect.Fails;
            case (byte)'s': return Have(3) ? Pop(2) : Effect.Fails;
            case 0x85: return Have(1) ? Effect.None : Effect.Fails;
            case 0x86: return Have(2) ? Pop(1) : Effect.Fails;
            case 0x87: return Have(3) ? Pop(2) : Effect.Fails;
            case 0x94 or 0x98: return Have(1) ? Effect.None : Effect.Fails;
            default: return Value(opcode);
        }
    }

    /// <summary>Opcodes that put something on the stack, or remember what is there.</summary>
    private Effect Value(byte opcode) => opcode switch
    {
        (byte)'N' or (byte)')' or (byte)']' or (byte)'}' or 0x88 or 0x89 or 0x8f or 0x97 => Push(0),
        (byte)'K' or (byte)'h' => Push(1),
        (byte)'M' => Push(2),
        (byte)'J' or (byte)'j' => Push(4),
        (byte)'G' => Push(8),
        (byte)'q' => Have(1) ? Skip(1) : Effect.Fails,
        (byte)'r' => Have(1) ? Skip(4) : Effect.Fails,
        (byte)'U' or (byte)'C' or 0x8a or 0x8c => Push(file.Next()),
        (byte)'X' or (byte)'T' or (byte)'B' or 0x8b => Push(file.UInt32()),
        0x8d or 0x8e or 0x96 => Push(file.UInt64()),
        (byte)'I' or (byte)'L' or (byte)'F' or (byte)'g' => Line(c => c is >= '0' and <= '9' or '+' or '-' or '.' or 'e' or 'E' or 'L' or ' ' or '\r') ? Push(0) : Effect.Fails,
        (byte)'p' => Have(1) && Line(c => c is >= '0' and <= '9' or '\r') ? Effect.None : Effect.Fails,
        (byte)'P' => Line(c => c is >= ' ' and < (char)0x7f) ? Effect.Calls : Effect.Fails,
        (byte)'S' => Quoted() ? Push(0) : Effect.Fails,
        (byte)'V' => Line(_ => true) ? Push(0) : Effect.Fails,
        _ => Effect.Fails,
    };

    private bool Have(int items) => _height - (_marks.Count > 0 ? _marks[^1] : 0) >= items;

    private Effect Push(ulong skipped, Effect effect = Effect.None)
    {
        file.Skip(skipped);
        _height++;
        return effect;
    }

    private Effect Skip(ulong bytes)
    {
        file.Skip(bytes);
        return Effect.None;
    }

    private Effect Pop(int items)
    {
        if (!Have(items))
            return Effect.Fails;
        _height -= items;
        return Effect.None;
    }

    private bool Unmark()
    {
        if (_marks.Count == 0)
            return false;
        _height = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        return true;
    }

    private bool Name() => Line(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '\r' || c > 0x7f, least: 1);

    private bool Quoted()
    {
        var quote = file.Next();
        return quote is (byte)'\'' or (byte)'"' && Line(_ => true, least: 1);
    }

    /// <summary>Whether what is left of the line is all of such characters; moves behind it.</summary>
    private bool Line(Func<char, bool> fits, int least = 0)
    {
        for (var length = 0; length <= MostLine; length++)
        {
            var c = file.Next();
            if (c == '\n')
                return length >= least;
            if (!fits((char)c))
                return false;
        }
        return false;
    }
}
