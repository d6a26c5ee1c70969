namespace ModelRegistry.Mcp.Demo;

/// <summary>A step of the story did not come out as told.</summary>
internal sealed class StorySurpriseException(string message) : Exception(message);
