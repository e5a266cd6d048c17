# Lyceum in a container: `docker compose up` beside a PostgreSQL, or alone on SQLite in the volume.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data
WORKDIR /app

# What runs comes first: it changes less often than the code.
COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt

COPY . .
RUN useradd --system --home-dir /data lyceum && install -d -o lyceum -g lyceum /data
USER lyceum
VOLUME /data
EXPOSE 8000

HEALTHCHECK --interval=10s --timeout=15s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz')"]

# Migrations are a step of their own (compose.yaml has it), so that several containers may start at once.
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0"]
