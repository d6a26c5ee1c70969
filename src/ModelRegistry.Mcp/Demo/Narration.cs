using Spectre.Console;

namespace ModelRegistry.Mcp.Demo;

/// <summary>Who acts in a line of the story.</summary>
internal enum Role { Person, Agent, Pipeline, Registry, Intruder }

/// <summary>Tells the story on stdout: numbered steps, and under each who does what, in that one's colour.</summary>
internal sealed class Narration
{
    private const int Margin = 4, NameColumn = 10, MostColumns = 110;

    private static readonly Dictionary<Role, Color> Colours = new()
    {
        [Role.Person] = Color.Green, [Role.Agent] = Color.Aqua, [Role.Pipeline] = Color.Blue, [Role.Registry] = Color.Yellow, [Role.Intruder] = Color.Red,
    };

    private readonly IAnsiConsole _console;
    private readonly int _width;
    private readonly TextWriter _output;

    /// <param name="colour">Whether the output is a terminal that takes colours.</param>
    public Narration(TextWriter output, bool colour, int width)
    {
        _output = output;
        _width = Math.Min(width, MostColumns) - Margin - NameColumn;
        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = colour ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = colour ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(output),
        });
        // Lines are broken here, under their own beginning; the console must not break them again.
        _console.Profile.Width = int.MaxValue / 2;
    }

    /// <summary>The step being told, as "7. Title"; empty before the first.</summary>
    public string Step { get; private set; } = "";

    private int _number;

    public void Title(string text) => Line(new Style(decoration: Decoration.Bold), text);

    public void Begin(string title)
    {
        Step = $"{++_number}. {title}";
        Line(Style.Plain, "");
        Line(new Style(decoration: Decoration.Bold), $"{_number,2}  {title}");
    }

    public void Tell(Role role, string name, string text) => Tell(role, name, text, Style.Plain);

    /// <summary>Something came out well.</summary>
    public void Good(string text) => Tell(Role.Registry, "registry", $"✓ {text}", new Style(Color.Green));

    /// <summary>A no in the registry's own words, and its way out.</summary>
    public void Refused(RegistrysNo no)
    {
        Tell(Role.Registry, "registry", no.Code.Length > 0 ? $"✗ {no.Code}: {no.Message}" : $"✗ {no.Message}", new Style(Color.Red));
        // In one piece: it may be a command to be copied.
        if (no.Remedy.Length > 0)
            Line(Style.Plain, $"{new string(' ', Margin + NameColumn)}→ {no.Remedy}");
    }

    /// <summary>Lines as they stand, under the step.</summary>
    public void Show(IEnumerable<string> lines)
    {
        foreach (var line in lines)
            Line(new Style(Color.Grey), new string(' ', Margin + NameColumn + 2) + line);
    }

    /// <summary>A command to go on with, ready to be copied.</summary>
    public void Suggest(string command, string what)
    {
        Line(new Style(Color.Grey), $"  # {what}");
        Line(new Style(Color.Aqua), $"  {command}");
    }

    public void Plain(string text) => Line(Style.Plain, text);

    private void Tell(Role role, string name, string text, Style style)
    {
        var first = true;
        foreach (var line in Broken(text))
        {
            _console.Write(new Text(new string(' ', Margin)));
            _console.Write(new Text((first ? name : "").PadRight(NameColumn), new Style(Colours[role])));
            Line(style, line);
            first = false;
        }
    }

    private void Line(Style style, string text)
    {
        _console.Write(new Text(text, style));
        _console.WriteLine();
        _output.Flush();
    }

    private IEnumerable<string> Broken(string text)
    {
        var line = "";
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > _width)
            {
                yield return line;
                line = "  " + word;
            }
            else
                line = line.Length == 0 ? word : $"{line} {word}";
        }
        yield return line;
    }
}

/// <summary>A step of the story did not come out as told.</summary>
internal sealed class StorySurpriseException(string message) : Exception(message);
