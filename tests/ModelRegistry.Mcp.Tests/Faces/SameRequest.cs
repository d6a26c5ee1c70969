using System.Text.Json.Nodes;

namespace ModelRegistry.Mcp.Tests.Faces;

/// <summary>
/// One request as each face takes it; a face is a column. Names in braces stand for what the registry of
/// <see cref="FacedRegistry"/> has: <c>{pending}</c>, <c>{mine}</c>, <c>{file}</c>.
/// </summary>
/// <param name="About">What is asked, for whoever reads that it failed.</param>
/// <param name="Answer">The code of the refusal it comes to, or the status of the promotion.</param>
/// <param name="Tool">The tool that MCP clients call.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="Line">The command line, without the program's name.</param>
internal sealed record SameRequest(string About, string Answer, string Tool, JsonObject Arguments, IReadOnlyList<string> Line)
{
    public override string ToString() => $"{About}: {Answer}";
}

/// <summary>A request that REST and the command line take, and no tool.</summary>
/// <param name="Body">JSON; null where there is none.</param>
internal sealed record ToollessRequest(string About, string Answer, string Method, string Path, string? Body, string Line);

/// <summary>What a face said: a code, the sentences with it, and the sign that a program goes by.</summary>
/// <param name="Fields">The bad fields, where the code is about them.</param>
/// <param name="Sign">The exit code or the HTTP status; null where the face has none.</param>
internal sealed record FaceAnswer(string Code, string Message, string Remedy, IReadOnlyList<string> Fields, int? Sign = null);
