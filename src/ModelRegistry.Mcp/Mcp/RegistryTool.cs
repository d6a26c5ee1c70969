using System.Text.Json;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Tools;

/// <summary>Who calls, and the registry they call.</summary>
internal sealed record ToolCaller(RegistryServices Registry, Actor By);

/// <summary>Finds out who calls; the one thing that differs between stdio and HTTP.</summary>
internal delegate ValueTask<Outcome<ToolCaller>> WhoCalls(MessageContext context, CancellationToken cancel);

/// <summary>One call whose arguments have been checked.</summary>
/// <param name="Asked">The request, for what asks or tells its client something before it answers; null of a call that only reads and is answered directly.</param>
internal sealed record ToolCall(RegistryServices Registry, Actor By, Arguments Given, RequestContext<CallToolRequestParams>? Asked)
{
    public RequestContext<CallToolRequestParams> Context => Asked ?? throw new InvalidOperationException("A tool that only reads says nothing before its answer.");
}

internal delegate Task<CallToolResult> ToolBody(ToolCall call, CancellationToken cancel);

/// <summary>The four hints of the specification (Tool Annotations); all of them are always set, since two default to alarming values.</summary>
internal sealed record Hints(bool ReadOnly, bool Destructive, bool Idempotent)
{
    public static Hints Reads { get; } = new(true, false, true);

    /// <summary>Adds something and takes nothing away; doing it twice is doing it once.</summary>
    public static Hints Adds { get; } = new(false, false, true);

    /// <summary>Changes or ends something that is there.</summary>
    public static Hints Changes { get; } = new(false, true, true);

    /// <summary>Each call makes another one.</summary>
    public static Hints Makes { get; } = new(false, false, false);
}

/// <summary>A tool: what a client is told about it, and what it does.</summary>
internal sealed record RegistryTool(string Name, string Title, string Description, Hints Hints, IReadOnlyList<Argument> Arguments, Type Output, ToolBody Body)
{
    public string Toolset { get; init; } = ToolSurface.Default;

    /// <summary>Whether it reads files of the machine the server runs on: for stdio alone, where that machine is the caller's.</summary>
    public bool LocalFiles { get; init; }

    private Tool? _described;

    /// <summary>What a client is told. Made once, at the first listing: a schema takes longer than most calls.</summary>
    public Tool Describe() => _described ??= new()
    {
        Name = Name,
        Title = Title,
        Description = Description,
        InputSchema = JsonSerializer.SerializeToElement(Argument.Schema(Arguments), Replies.Json),
        OutputSchema = ToolJson.Schema(Output),
        Annotations = new ToolAnnotations { Title = Title, ReadOnlyHint = Hints.ReadOnly, DestructiveHint = Hints.Destructive, IdempotentHint = Hints.Idempotent, OpenWorldHint = false },
    };
}
