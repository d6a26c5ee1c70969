using System.Net;

namespace ModelRegistry.Mcp.Tests.Artifacts;

/// <summary>A body that waits in its middle.</summary>
internal sealed class SlowBody(byte[] content, int middle) : HttpContent
{
    private readonly TaskCompletionSource _halfway = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the first half is sent.</summary>
    public Task Halfway => _halfway.Task;

    public void GoOn() => _goOn.TrySetResult();

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await stream.WriteAsync(content.AsMemory(0, middle));
        await stream.FlushAsync();
        _halfway.SetResult();
        await _goOn.Task;
        await stream.WriteAsync(content.AsMemory(middle));
    }

    protected override bool TryComputeLength(out long length)
    {
        length = content.Length;
        return true;
    }
}
