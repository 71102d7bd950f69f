"""Providers by one name each: conventions and their versions spell them differently.

The names are those of ``gen_ai.provider.name`` in OpenTelemetry GenAI; a provider that it does not list keeps the name
that was sent, in lower case.
"""

from typing import Final

PROVIDERS: Final = {
    "az.ai.openai": "azure.ai.openai", "azure": "azure.ai.openai", "azure_openai": "azure.ai.openai",
    "azure-openai": "azure.ai.openai", "Azure": "azure.ai.openai", "az.ai.inference": "azure.ai.inference",
    "aws": "aws.bedrock", "AWS": "aws.bedrock", "bedrock": "aws.bedrock", "amazon_bedrock": "aws.bedrock",
    "amazon-bedrock": "aws.bedrock", "vertex_ai": "gcp.vertex_ai", "vertexai": "gcp.vertex_ai",
    "google_vertexai": "gcp.vertex_ai", "gemini": "gcp.gemini", "google_genai": "gcp.gemini",
    "google": "gcp.gen_ai", "Google": "gcp.gen_ai", "xai": "x_ai", "mistral": "mistral_ai", "mistralai": "mistral_ai",
    "MistralAI": "mistral_ai", "moonshot": "moonshot_ai", "watsonx": "ibm.watsonx.ai", "Watsonx": "ibm.watsonx.ai",
    "OpenAI": "openai", "Anthropic": "anthropic", "Cohere": "cohere",
}  # fmt: skip
