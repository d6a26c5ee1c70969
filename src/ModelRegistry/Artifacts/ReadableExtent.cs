namespace ModelRegistry.Artifacts;

/// <summary>How much is shown of versions beside their contents, for people and other programs.</summary>
public enum ReadableExtent
{
    Nothing,
    /// <summary>What is known about each version, with where its files lie.</summary>
    Metadata,
    /// <summary>The files as well: links in a folder, copies in a bucket.</summary>
    Files,
}
