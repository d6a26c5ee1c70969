namespace ModelRegistry.Mcp.Cli;

/// <summary>
/// The terminal itself, not stdin and stdout: what is written here is seen by whoever sits there, and what is asked here is
/// typed by them. The device is one; a scripted person, as the demo has, is the other.
/// </summary>
internal interface ITerminal
{
    /// <summary>Whether there is somebody who could type.</summary>
    bool IsThere { get; }

    /// <summary>Whether it takes colours and lines.</summary>
    bool Fancy { get; }

    /// <summary>Columns.</summary>
    int Width { get; }

    /// <summary>Shows text, already free of what others could have put into it (<see cref="VisibleText"/>).</summary>
    void Write(string text);

    /// <summary>Asks, without showing what is typed. Cancelling, or an end of input, is an <see cref="OperationCanceledException"/>; the terminal shows what is typed again in any case.</summary>
    Task<string> AskSecretAsync(string prompt, CancellationToken cancel);
}
