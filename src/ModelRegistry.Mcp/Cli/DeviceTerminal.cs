using System.Text;

namespace ModelRegistry.Mcp.Cli;

/// <summary>The process's controlling terminal, opened for itself so that no redirection and no pipe stands between it and the person.</summary>
internal abstract class DeviceTerminal : ITerminal
{
    private const int LongestLine = 4096;

    /// <summary>The terminal of this process. Where there is none it is not there, and asks nothing.</summary>
    public static ITerminal OfProcess(bool fancy) => OperatingSystem.IsWindows() ? new WindowsTerminal { Fancy = fancy } : new UnixTerminal { Fancy = fancy };

    public abstract bool IsThere { get; }

    public required bool Fancy { get; init; }

    /// <summary>Within reason; 100 where the terminal does not say.</summary>
    public int Width => Columns() is > 0 and var columns ? Math.Clamp(columns, 60, 240) : 100;

    public void Write(string text) => WriteBytes(Encoding.UTF8.GetBytes(text));

    public async Task<string> AskSecretAsync(string prompt, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var restore = HideTyping();
        try
        {
            Write(prompt);
            // Reading blocks until Enter and cannot be interrupted; a cancelled ask leaves the thread to end with the process.
            var typed = await Task.Factory.StartNew(ReadLine, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).WaitAsync(cancel);
            return typed ?? throw new OperationCanceledException("The terminal was closed.");
        }
        finally
        {
            restore();
            Write("\n");
        }
    }

    /// <summary>Its width in characters; 0 when it does not say.</summary>
    protected abstract int Columns();

    /// <summary>Stops showing what is typed and forgets what was typed ahead; the answer puts things back as they were.</summary>
    protected abstract Action HideTyping();

    /// <summary>Reads some bytes of a line; 0 at the end of input.</summary>
    protected abstract int ReadBytes(byte[] buffer);

    protected abstract void WriteBytes(byte[] bytes);

    private string? ReadLine()
    {
        var line = new List<byte>();
        var buffer = new byte[LongestLine];
        while (line.Count <= LongestLine)
        {
            var count = ReadBytes(buffer);
            if (count <= 0)
                return null;
            line.AddRange(buffer.AsSpan(0, count));
            if (line[^1] == '\n')
                break;
        }
        return Encoding.UTF8.GetString([.. line]).TrimEnd('\n', '\r');
    }
}
