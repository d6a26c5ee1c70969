namespace ModelRegistry.Storage;

/// <summary>The store cannot be reached or cannot take the write: an outage, never a refusal.</summary>
/// <param name="message">What failed, without secrets.</param>
/// <param name="remedy">What the person running the registry can do.</param>
public sealed class StorageUnavailableException(string message, string remedy, Exception? inner = null) : Exception(message, inner)
{
    public string Remedy => remedy;
}
